"""Restrictions of every kind become one condition, or say why they cannot."""

from __future__ import annotations

import datetime
import uuid
import warnings
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.tests.query.lab import BREED, CAGE, PAIR, RIG, SCAN, SESSION, SETTINGS, SUBJECT
from fascicle.errors import LineageError, QueryError, UnknownAttributeError
from fascicle.query import ALL, SQL, AndList, NamesakeWarning, Node, Not, Top, U
from fascicle.query.nodes import Limit, Restrict
from fascicle.query.operators import join, project, restrict
from fascicle.query.scalar import (
    FALSE,
    TRUE,
    AnyOf,
    Binary,
    Column,
    Every,
    Exists,
    IsNull,
    KeySet,
    Raw,
    Unary,
)
from fascicle.query.walk import columns_of


def condition(node: Node) -> Any:
    assert isinstance(node, Restrict)
    return node.condition


def pairs(node: Node) -> dict[str, Any]:
    """Return what a conjunction of equalities asks of each attribute."""
    found = condition(node)
    terms = found.terms if isinstance(found, Every) else (found,)
    return {term.left.name: term.right.value for term in terms if isinstance(term, Binary) and term.op == "="}


class TestText:
    def test_is_parsed_against_the_heading(self) -> None:
        assert columns_of(condition(restrict(SESSION, "weight_g > 20 AND rig = 'a'"))) == ["weight_g", "rig"]

    def test_names_the_nearest_attribute(self) -> None:
        with pytest.raises(UnknownAttributeError, match="weight_g"):
            restrict(SESSION, "wieght_g > 20")

    def test_negation_is_not(self) -> None:
        assert isinstance(condition(restrict(SESSION, "weight_g > 20", negate=True)), Unary)

    def test_a_codec_attribute_has_no_value_in_a_query(self) -> None:
        with pytest.raises(QueryError, match="codec"):
            restrict(SCAN, "length(image) > 3")

    def test_a_codec_attribute_may_be_tested_for_null(self) -> None:
        assert restrict(SCAN, "image IS NOT NULL").heading is SCAN.heading


class TestDict:
    def test_equals_each_attribute(self) -> None:
        assert pairs(restrict(SESSION, {"subject_id": 1, "session_id": 2})) == {
            "subject_id": 1,
            "session_id": 2,
        }

    def test_none_is_null(self) -> None:
        assert condition(restrict(SESSION, {"weight_g": None})) == IsNull(Column("weight_g"))

    def test_names_of_other_tables_are_ignored(self) -> None:
        node = restrict(SUBJECT, {"subject_id": 1, "rate_hz": 30.0}, known_names=lambda: ["rate_hz"])
        assert pairs(node) == {"subject_id": 1}

    def test_no_known_name_is_an_error(self) -> None:
        with pytest.raises(UnknownAttributeError, match="none of 'rate_hz'"):
            restrict(SUBJECT, {"rate_hz": 30.0}, known_names=lambda: ["rate_hz"])

    def test_a_misspelling_is_an_error(self) -> None:
        with pytest.raises(UnknownAttributeError, match="specis"):
            restrict(SUBJECT, {"subject_id": 1, "specis": "mouse"})

    def test_a_close_name_that_something_has_is_no_misspelling(self) -> None:
        node = restrict(SUBJECT, {"subject_id": 1, "specis": 1}, known_names=lambda: ["specis"])
        assert pairs(node) == {"subject_id": 1}

    def test_the_names_of_the_pipeline_are_asked_for_only_in_doubt(self) -> None:
        def ask() -> list[str]:
            raise AssertionError("nothing is in doubt here")

        restrict(SUBJECT, {"subject_id": 1, "zzz": 2}, known_names=ask)

    @pytest.mark.parametrize("value", [[1, 2], (1, 2), {1, 2}, np.array([1, 2]), {"a": 1}])
    def test_several_values_are_an_error_that_shows_how(self, value: Any) -> None:
        with pytest.raises(QueryError, match="IN") as caught:
            restrict(SUBJECT, {"subject_id": value})
        assert "list of dicts" in str(caught.value)

    def test_a_value_of_no_known_kind_is_an_error(self) -> None:
        with pytest.raises(QueryError, match="object"):
            restrict(SUBJECT, {"subject_id": object()})

    @pytest.mark.parametrize(
        ("name", "given", "wanted"),
        [
            ("subject_id", np.int64(3), 3),
            ("subject_id", Decimal(3), 3),
            ("species", np.str_("mouse"), "mouse"),
            ("born_on", "2024-02-29", datetime.date(2024, 2, 29)),
            ("born_on", np.datetime64("2024-02-29"), datetime.date(2024, 2, 29)),
            ("born_on", pd.Timestamp("2024-02-29"), datetime.date(2024, 2, 29)),
        ],
    )
    def test_values_take_the_type_of_the_attribute(self, name: str, given: Any, wanted: Any) -> None:
        assert pairs(restrict(SUBJECT, {name: given})) == {name: wanted}

    @pytest.mark.parametrize("nothing", [float("nan"), np.float32("nan"), pd.NaT, pd.NA])
    def test_missing_values_are_null(self, nothing: Any) -> None:
        assert condition(restrict(SESSION, {"weight_g": nothing})) == IsNull(Column("weight_g"))

    def test_a_value_that_is_none_of_the_type_is_an_error(self) -> None:
        with pytest.raises(QueryError):
            restrict(SUBJECT, {"born_on": "yesterday"})

    def test_a_codec_attribute_is_an_error(self) -> None:
        with pytest.raises(QueryError, match="blob"):
            restrict(SCAN, {"scan_id": 1, "image": b""})

    def test_json_as_a_whole_is_an_error_that_shows_a_path(self) -> None:
        with pytest.raises(QueryError, match=r"params\.key"):
            restrict(SCAN, {"params": "x"})

    def test_a_path_into_json(self) -> None:
        assert columns_of(condition(restrict(SCAN, {"params.filter[0].width:float64": 3}))) == ["params"]
        assert columns_of(condition(restrict(SCAN, {"params.name": "gauss"}))) == ["params"]
        assert isinstance(condition(restrict(SCAN, {"params.name": None})), IsNull)

    def test_the_contrary_keeps_rows_where_the_value_is_null(self) -> None:
        found = condition(restrict(SESSION, {"weight_g": 1.5}, negate=True))
        assert isinstance(found, Unary)
        assert isinstance(found.operand, Binary)
        assert found.operand.op == "<=>"

    def test_the_contrary_of_several_is_any_difference(self) -> None:
        found = condition(restrict(SESSION, {"subject_id": 1, "session_id": 2}, negate=True))
        assert isinstance(found, AnyOf)

    def test_no_names(self) -> None:
        assert condition(restrict(SUBJECT, {})) == TRUE
        assert condition(restrict(SUBJECT, {}, negate=True)) == FALSE


class TestRows:
    def test_dicts_of_the_same_names_are_one_set(self) -> None:
        rows = [{"subject_id": i, "session_id": 1} for i in range(3)]
        assert condition(restrict(SESSION, rows)) == KeySet(
            ("subject_id", "session_id"), ((0, 1), (1, 1), (2, 1))
        )

    def test_equal_rows_count_once(self) -> None:
        assert condition(restrict(SUBJECT, [{"subject_id": 1}] * 3)) == KeySet(("subject_id",), ((1,),))

    def test_dicts_of_different_names_are_several(self) -> None:
        rows = [{"subject_id": 1}, {"species": "mouse"}, {"subject_id": 2}, {"species": "rat"}]
        found = condition(restrict(SUBJECT, rows))
        assert isinstance(found, AnyOf)
        assert [term.names for term in found.terms] == [("subject_id",), ("species",)]

    def test_none_at_all_leaves_no_rows(self) -> None:
        assert condition(restrict(SUBJECT, [])) == FALSE
        assert condition(restrict(SUBJECT, pd.DataFrame({"subject_id": []}))) == FALSE

    def test_one_row_that_says_nothing_is_every_row(self) -> None:
        assert condition(restrict(SUBJECT, [{"subject_id": 1}, {}])) == TRUE

    def test_a_generator(self) -> None:
        found = condition(restrict(SUBJECT, ({"subject_id": i} for i in range(2))))
        assert found == KeySet(("subject_id",), ((0,), (1,)))

    def test_values_that_the_type_cannot_hold_match_nothing(self) -> None:
        found = condition(restrict(SUBJECT, [{"subject_id": 1.0}, {"subject_id": 2.5}, {"subject_id": 3}]))
        assert found == KeySet(("subject_id",), ((1,), (3,)))

    def test_a_data_frame(self) -> None:
        frame = pd.DataFrame({"subject_id": [1, 2], "elsewhere": ["x", "y"]})
        node = restrict(SUBJECT, frame, known_names=lambda: ["elsewhere"])
        assert condition(node) == KeySet(("subject_id",), ((1,), (2,)))

    def test_a_data_frame_whose_index_is_the_key(self) -> None:
        frame = pd.DataFrame({"subject_id": [1, 2], "session_id": [3, 4]}).set_index(
            ["subject_id", "session_id"]
        )
        assert condition(restrict(SESSION, frame)) == KeySet(("subject_id", "session_id"), ((1, 3), (2, 4)))

    def test_missing_values_of_a_data_frame_are_null(self) -> None:
        frame = pd.DataFrame({"weight_g": [1.5, None]})
        assert condition(restrict(SESSION, frame)) == KeySet(("weight_g",), ((1.5,), (None,)))

    def test_days_of_a_data_frame(self) -> None:
        frame = pd.DataFrame({"born_on": pd.to_datetime(["2024-02-29", "2025-01-01"])})
        days = ((datetime.date(2024, 2, 29),), (datetime.date(2025, 1, 1),))
        assert condition(restrict(SUBJECT, frame)) == KeySet(("born_on",), days)

    def test_a_structured_array(self) -> None:
        array = np.array([(1, "mouse"), (2, "rat")], dtype=[("subject_id", int), ("species", "U8")])
        assert condition(restrict(SUBJECT, array)) == KeySet(
            ("subject_id", "species"), ((1, "mouse"), (2, "rat"))
        )

    def test_a_record(self) -> None:
        array = np.array([(1, "mouse")], dtype=[("subject_id", int), ("species", "U8")])
        assert pairs(restrict(SUBJECT, array[0])) == {"subject_id": 1, "species": "mouse"}

    def test_records_in_a_list(self) -> None:
        array = np.array([(1,), (2,)], dtype=[("subject_id", int)])
        assert condition(restrict(SUBJECT, list(array))) == KeySet(("subject_id",), ((1,), (2,)))

    def test_unknown_columns_are_an_error(self) -> None:
        with pytest.raises(UnknownAttributeError):
            restrict(SUBJECT, pd.DataFrame({"subjct": [1]}))

    def test_what_belongs_together_stays_fast(self) -> None:
        rows = [{"subject_id": i, "session_id": i} for i in range(5000)]
        found = condition(restrict(SESSION, rows))
        assert isinstance(found, KeySet)
        assert len(found.rows) == 5000


class TestQuery:
    def test_matches_attributes_of_one_origin(self) -> None:
        found = condition(restrict(project(SESSION), SUBJECT))
        assert found == Exists(SUBJECT, (("subject_id", "subject_id"),))

    def test_the_contrary_is_absence(self) -> None:
        assert condition(restrict(project(SESSION), SUBJECT, negate=True)).negated

    def test_plain_namesakes_are_left_out_with_a_hint(self) -> None:
        with pytest.warns(NamesakeWarning, match="subject_notes='notes'"):
            found = condition(restrict(SESSION, SUBJECT))
        assert found.on == (("subject_id", "subject_id"),)

    def test_the_hint_is_shown_once(self) -> None:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("default")
            for _ in range(3):
                restrict(project(SESSION, "rig", odd_notes="notes"), project(SUBJECT, odd_notes="notes"))
        assert len(seen) == 1

    def test_an_origin_and_none_are_apart(self) -> None:
        with pytest.warns(NamesakeWarning, match="species"):
            assert condition(restrict(CAGE, project(SUBJECT, "species"))).on == ()

    def test_different_origins_are_an_error(self) -> None:
        with pytest.raises(LineageError, match=r"breed_species='species'"):
            restrict(CAGE, BREED)

    def test_matching_by_name_alone(self) -> None:
        found = condition(restrict(CAGE, BREED, semantic_check=False))
        assert found.on == (("species", "species"),)

    def test_renaming_says_what_is_meant(self) -> None:
        mothers = project(SUBJECT, mother="subject_id")
        assert condition(restrict(PAIR, mothers)).on == (("mother", "mother"),)

    def test_codecs_never_match(self) -> None:
        with pytest.raises(QueryError, match="codec"):
            restrict(SCAN, project(SCAN, "image"), semantic_check=False)

    def test_types_that_do_not_compare_never_match(self) -> None:
        with pytest.raises(QueryError, match="int32"):
            restrict(RIG, project(SUBJECT, rig="subject_id"), semantic_check=False)

    def test_a_class_stands_for_its_query(self) -> None:
        class Subject:
            def as_node(self) -> Node:
                return SUBJECT

        with pytest.warns(NamesakeWarning):
            assert condition(restrict(SESSION, Subject)).relation is SUBJECT
        with pytest.warns(NamesakeWarning):
            assert condition(restrict(SESSION, Subject())).relation is SUBJECT


class TestLogic:
    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            (True, TRUE),
            (False, FALSE),
            (None, FALSE),
            (np.True_, TRUE),
            (np.False_, FALSE),
            (ALL, TRUE),
            (U("x"), TRUE),
        ],
    )
    def test_constants(self, given: Any, wanted: Any) -> None:
        assert condition(restrict(SUBJECT, given)) == wanted
        assert condition(restrict(SUBJECT, given, negate=True)) == (FALSE if wanted == TRUE else TRUE)

    def test_and_list_holds_together(self) -> None:
        found = condition(restrict(SUBJECT, AndList(["subject_id > 1", {"species": "mouse"}])))
        assert isinstance(found, Every)
        assert len(found.terms) == 2

    def test_an_empty_and_list_says_nothing(self) -> None:
        assert condition(restrict(SUBJECT, AndList())) == TRUE

    def test_a_list_is_any_of_it(self) -> None:
        found = condition(restrict(SUBJECT, ["subject_id > 1", {"species": "mouse"}]))
        assert isinstance(found, AnyOf)

    def test_not_undoes_itself(self) -> None:
        once = condition(restrict(SUBJECT, Not("subject_id > 1")))
        assert once == condition(restrict(SUBJECT, "subject_id > 1", negate=True))
        assert condition(restrict(SUBJECT, Not(Not("subject_id > 1")))) == condition(
            restrict(SUBJECT, "subject_id > 1")
        )

    def test_the_contrary_of_a_list_is_none_of_it(self) -> None:
        found = condition(restrict(SUBJECT, Not(["subject_id > 1", {"species": "mouse"}])))
        assert isinstance(found, Every)

    def test_and_lists_join(self) -> None:
        conditions = AndList(["a"])
        conditions.append(AndList(["b", "c"]))
        assert conditions == ["a", "b", "c"]

    def test_raw_sql_is_passed_on(self) -> None:
        assert condition(restrict(SUBJECT, SQL("subject_id % 2 = ?", 1))) == Raw("subject_id % 2 = ?", (1,))

    def test_a_scalar(self) -> None:
        assert condition(restrict(SUBJECT, IsNull(Column("notes")))) == IsNull(Column("notes"))
        with pytest.raises(UnknownAttributeError):
            restrict(SUBJECT, IsNull(Column("note")))

    @pytest.mark.parametrize("given", [3, 2.5, object(), b"x", len, uuid.UUID(int=1)])
    def test_what_cannot_restrict_is_an_error(self, given: Any) -> None:
        with pytest.raises(QueryError, match="cannot be restricted"):
            restrict(SUBJECT, given)


class TestTop:
    def test_orders_by_the_key(self) -> None:
        node = restrict(SESSION, Top(5))
        assert isinstance(node, Limit)
        assert node.order_by == (("subject_id", False), ("session_id", False))

    def test_the_same_order_merges(self) -> None:
        node = restrict(
            restrict(SESSION, Top(5, "weight_g DESC", offset=1)), Top(3, "weight_g desc", offset=2)
        )
        assert isinstance(node, Limit)
        assert (node.limit, node.offset, node.source) == (3, 3, SESSION)

    def test_no_order_keeps_the_one_before(self) -> None:
        node = restrict(restrict(SESSION, Top(5, "weight_g DESC")), Top(None, None, offset=2))
        assert isinstance(node, Limit)
        assert (node.limit, node.offset, node.order_by) == (5, 2, (("weight_g", True),))

    def test_another_order_chooses_among_the_chosen(self) -> None:
        inner = restrict(SESSION, Top(5, "weight_g"))
        node = restrict(inner, Top(2, "session_id"))
        assert isinstance(node, Limit)
        assert node.source == inner

    def test_a_restriction_between_keeps_them_apart(self) -> None:
        node = restrict(restrict(restrict(SESSION, Top(5)), "weight_g > 1"), Top(2))
        assert isinstance(node, Limit)
        assert isinstance(node.source, Restrict)

    @pytest.mark.parametrize(
        "given", [{"limit": -1}, {"limit": 2.5}, {"limit": "3"}, {"offset": -1}, {"order_by": 3}]
    )
    def test_strange_arguments(self, given: dict[str, Any]) -> None:
        with pytest.raises(QueryError):
            Top(**given)

    def test_an_unknown_attribute(self) -> None:
        with pytest.raises(UnknownAttributeError, match="weight_g"):
            restrict(SESSION, Top(1, "wieght_g"))

    @pytest.mark.parametrize("order", ["weight_g down", "weight_g DESC NULLS", ""])
    def test_an_order_that_is_none(self, order: str) -> None:
        with pytest.raises(QueryError):
            restrict(SESSION, Top(1, order))

    def test_inside_a_list_that_holds_together(self) -> None:
        node = restrict(SESSION, AndList(["weight_g > 1", Top(2)]))
        assert isinstance(node, Limit)

    def test_elsewhere_it_is_an_error(self) -> None:
        for given in ([Top(1)], Not(Top(1))):
            with pytest.raises(QueryError, match="Top"):
                restrict(SESSION, given)
        with pytest.raises(QueryError, match="Top"):
            restrict(SESSION, Top(1), negate=True)


class TestVacuous:
    @pytest.mark.parametrize(
        "nothing",
        [
            {},
            True,
            "1 = 1",
            "TRUE",
            AndList(),
            [{}],
            [{"subject_id": 1}, {}],
            Not([]),
            Not(None),
            Not(False),
            U("a"),
        ],
    )
    def test_a_restriction_that_says_nothing(self, nothing: Any) -> None:
        assert restrict(SUBJECT, nothing).vacuous

    @pytest.mark.parametrize(
        "something", [{"subject_id": 1}, False, None, [], "subject_id > 1", Top(1), ALL, SQL("1")]
    )
    def test_a_restriction_that_says_something(self, something: Any) -> None:
        assert not restrict(SUBJECT, something).vacuous

    def test_no_restriction(self) -> None:
        assert not SUBJECT.vacuous
        assert not project(SUBJECT).vacuous

    def test_another_restriction_says_enough(self) -> None:
        assert not restrict(restrict(SUBJECT, {}), "subject_id > 1").vacuous
        assert not restrict(restrict(SUBJECT, "subject_id > 1"), {}).vacuous

    def test_on_purpose(self) -> None:
        assert not restrict(restrict(SUBJECT, {}), ALL).vacuous

    def test_it_travels(self) -> None:
        assert project(restrict(SUBJECT, {}), "species").vacuous
        assert join(restrict(project(SUBJECT), {}), project(SESSION)).vacuous

    def test_by_a_query_that_is_restricted_by_nothing(self) -> None:
        assert restrict(project(SESSION), restrict(SUBJECT, {})).vacuous
        assert not restrict(project(SESSION), SUBJECT).vacuous

    def test_by_a_query_that_shares_nothing(self) -> None:
        assert restrict(SUBJECT, SETTINGS).vacuous

    def test_all_is_one_value_wherever_it_goes(self) -> None:
        import pickle

        assert pickle.loads(pickle.dumps(ALL)) is ALL
        assert repr(ALL) == "ALL"
