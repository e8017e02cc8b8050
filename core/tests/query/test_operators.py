"""Joins, projections, aggregations, unions: headings, keys and refusals."""

from __future__ import annotations

from typing import Any

import pytest

from core.tests.query.lab import (
    BREED,
    CAGE,
    INT,
    PAIR,
    RIG,
    SCAN,
    SESSION,
    SETTINGS,
    SUBJECT,
    key,
    plain,
    table,
)
from fascicle.errors import HeadingError, LineageError, QueryError, UnknownAttributeError
from fascicle.model import CoreType
from fascicle.query import SQL, NamesakeWarning, Node, U
from fascicle.query.nodes import Aggregate, Distinct, Join, Project
from fascicle.query.operators import (
    aggregate,
    extend,
    join,
    project,
    restrict,
    union,
    universe_aggregate,
    universe_restrict,
)
from fascicle.query.scalar import Call, Column
from fascicle.query.walk import columns_of

pytestmark = pytest.mark.filterwarnings("ignore::fascicle.query.NamesakeWarning")


def keys(node: Node) -> list[str]:
    return node.heading.primary_key


def others(node: Node) -> list[str]:
    return node.heading.secondary_attributes


class TestProject:
    def test_keeps_the_key(self) -> None:
        assert list(project(SESSION).heading) == ["subject_id", "session_id"]

    def test_names(self) -> None:
        assert others(project(SESSION, "notes", "weight_g")) == ["weight_g", "notes"]

    def test_everything(self) -> None:
        assert project(SESSION, ...) is SESSION
        assert project(SESSION, "...") is SESSION

    def test_everything_but(self) -> None:
        assert others(project(SESSION, ..., "-notes")) == ["weight_g", "rig"]

    def test_a_rename_keeps_type_and_lineage(self) -> None:
        node = project(SESSION, ..., mouse="subject_id", mass="weight_g")
        assert keys(node) == ["mouse", "session_id"]
        assert others(node) == ["mass", "rig", "notes"]
        assert node.heading["mouse"].lineage == "lab.subject.subject_id"
        assert not node.heading["mouse"].computed

    def test_names_may_change_places(self) -> None:
        node = project(PAIR, mother="father", father="mother")
        assert keys(node) == ["father", "mother"]

    def test_a_copy_has_no_lineage(self) -> None:
        node = project(SESSION, mouse="(subject_id)")
        assert list(node.heading) == ["subject_id", "session_id", "mouse"]
        assert node.heading["mouse"].lineage is None
        assert not node.heading["mouse"].in_key

    def test_a_copy_of_a_codec_attribute_keeps_the_codec(self) -> None:
        assert project(SCAN, picture="(image)").heading["picture"].codec is not None

    def test_an_expression_has_a_type_and_no_lineage(self) -> None:
        attribute = project(SESSION, kg="weight_g / 1000").heading["kg"]
        assert attribute.type == CoreType("float64")
        assert attribute.computed
        assert attribute.nullable
        assert attribute.lineage is None

    def test_a_number(self) -> None:
        assert project(SESSION, one=1).heading["one"].type.is_integer

    def test_raw_sql_needs_a_type(self) -> None:
        assert project(SESSION, x=SQL("1.5", type=CoreType("float64"))).heading["x"].type == CoreType(
            "float64"
        )
        with pytest.raises(QueryError, match="type"):
            project(SESSION, x=SQL("1.5"))

    def test_an_expression_may_take_the_name_of_what_is_dropped(self) -> None:
        assert others(project(SESSION, weight_g="weight_g * 2")) == ["weight_g"]

    def test_one_name_twice(self) -> None:
        with pytest.raises(HeadingError, match="weight_g"):
            project(SESSION, ..., weight_g="weight_g * 2")

    def test_names_that_differ_by_case(self) -> None:
        with pytest.raises(HeadingError, match="Notes"):
            project(SESSION, "notes", Notes="'x'")

    def test_a_rename_and_the_old_name(self) -> None:
        with pytest.raises(HeadingError, match=r"mass='\(weight_g\)'"):
            project(SESSION, "weight_g", mass="weight_g")
        with pytest.raises(HeadingError, match="twice"):
            project(SESSION, mass="weight_g", mass2="weight_g")

    @pytest.mark.parametrize("attribute", ["wieght_g", "-wieght_g"])
    def test_unknown_names(self, attribute: str) -> None:
        with pytest.raises(UnknownAttributeError, match="weight_g"):
            project(SESSION, ..., attribute)

    def test_the_key_stays(self) -> None:
        with pytest.raises(QueryError, match="primary key"):
            project(SESSION, ..., "-session_id")

    def test_leaving_out_needs_something_to_leave_out_of(self) -> None:
        with pytest.raises(QueryError, match=r"\.\.\."):
            project(SESSION, "-notes")

    def test_aggregates_belong_to_aggr(self) -> None:
        with pytest.raises(QueryError, match="aggr"):
            project(SESSION, n="count(*)")

    def test_codec_values_are_not_computed_with(self) -> None:
        with pytest.raises(QueryError, match="codec"):
            project(SCAN, x="length(image)")

    @pytest.mark.parametrize("value", [object(), b"x", ["a"]])
    def test_strange_expressions(self, value: Any) -> None:
        with pytest.raises(QueryError):
            project(SESSION, x=value)

    def test_strange_names(self) -> None:
        with pytest.raises(QueryError):
            project(SESSION, 3)  # type: ignore[arg-type]
        with pytest.raises(QueryError):
            project(SESSION, **{"a b": "weight_g"})

    def test_a_name_that_stays(self) -> None:
        assert others(project(SESSION, notes="notes")) == ["notes"]


class TestJoin:
    def test_the_left_key_when_it_determines_the_right(self) -> None:
        node = join(SESSION, project(SUBJECT, "species"))
        assert keys(node) == ["subject_id", "session_id"]
        assert others(node) == ["weight_g", "rig", "notes", "species"]

    def test_the_right_key_when_it_determines_the_left(self) -> None:
        node = join(project(SUBJECT, "species"), SESSION)
        assert list(node.heading) == ["subject_id", "session_id", "weight_g", "rig", "notes", "species"]
        assert keys(node) == ["subject_id", "session_id"]

    def test_both_keys_otherwise(self) -> None:
        assert keys(join(SESSION, CAGE)) == ["subject_id", "session_id", "cage_id"]

    def test_through_a_secondary_attribute(self) -> None:
        node = join(SESSION, RIG)
        assert keys(node) == ["subject_id", "session_id"]
        assert node.heading["rig"].in_key is False
        assert node.heading["rig"].nullable is False  # a row without one has no partner

    def test_matching_is_by_origin(self) -> None:
        assert isinstance(node := join(SESSION, project(SUBJECT, "species")), Join)
        assert node.on == ("subject_id",)

    def test_plain_namesakes_are_renamed_with_a_hint(self) -> None:
        with pytest.warns(NamesakeWarning, match=r"Subject\.proj\('\.\.\.', subject_notes='notes'\)"):
            node = join(SESSION, SUBJECT)
        assert others(node) == ["weight_g", "rig", "notes", "species", "born_on", "subject_notes"]

    def test_the_new_name_says_where_it_comes_from(self) -> None:
        right = join(CAGE, table("#notes_owner", key("owner_id", "#notes_owner"), plain("notes")))
        with pytest.warns(NamesakeWarning, match="notes_owner_notes"):
            node = join(SUBJECT, project(right, "notes"))
        assert "notes_owner_notes" in node.heading

    def test_the_new_name_is_free(self) -> None:
        left = project(SUBJECT, ..., session_notes="'taken'")
        assert "session_notes_2" in join(left, SESSION).heading

    def test_different_origins_are_an_error(self) -> None:
        with pytest.raises(LineageError, match="species"):
            join(CAGE, BREED)

    def test_matching_by_name(self) -> None:
        assert isinstance(node := join(CAGE, BREED, semantic_check=False), Join)
        assert node.on == ("species",)

    def test_a_table_with_itself_under_other_names(self) -> None:
        node = join(project(SUBJECT, ..., mother="subject_id"), PAIR)
        assert keys(node) == ["mother", "father"]

    def test_left_join_needs_what_the_right_key_is(self) -> None:
        with pytest.raises(QueryError, match="allow_nullable_pk"):
            join(SUBJECT, SESSION, left_outer=True)

    def test_left_join_makes_the_right_nullable(self) -> None:
        node = extend(SESSION, project(SUBJECT, "species"))
        assert keys(node) == ["subject_id", "session_id"]
        assert node.heading["species"].nullable
        assert not node.heading["subject_id"].nullable

    def test_left_join_with_a_nullable_key(self) -> None:
        node = join(SUBJECT, SESSION, left_outer=True, allow_nullable_pk=True)
        assert keys(node) == ["subject_id", "session_id"]
        assert node.heading["session_id"].nullable

    def test_extend_is_a_left_join(self) -> None:
        assert extend(SESSION, project(SUBJECT, "species")) == join(
            SESSION, project(SUBJECT, "species"), left_outer=True
        )
        with pytest.raises(QueryError):
            extend(SUBJECT, SESSION)

    def test_nothing_in_common_is_a_product(self) -> None:
        assert isinstance(node := join(SUBJECT, SETTINGS), Join)
        assert node.on == ()


class TestAggregate:
    def test_one_row_for_each_left_row(self) -> None:
        node = aggregate(SUBJECT, SESSION, n="count(session_id)", heaviest="max(weight_g)")
        assert keys(node) == ["subject_id"]
        assert others(node) == ["n", "heaviest"]
        assert node.heading["n"].nullable is False
        assert node.heading["heaviest"].nullable is True

    def test_rows_without_a_match_are_kept(self) -> None:
        assert isinstance(node := aggregate(SUBJECT, SESSION, n="count(session_id)"), Aggregate)
        assert isinstance(node.source, Join)
        assert node.source.outer

    @pytest.mark.parametrize("how", [{"exclude_nonmatching": True}, {"keep_all_rows": False}])
    def test_or_left_out(self, how: dict[str, bool]) -> None:
        node = aggregate(SUBJECT, SESSION, n="count(session_id)", **how)
        assert isinstance(node, Aggregate)
        assert isinstance(node.source, Join)
        assert not node.source.outer

    def test_attributes_of_the_left(self) -> None:
        node = aggregate(SUBJECT, SESSION, "species", birthday="born_on", n="count(*)")
        assert others(node) == ["species", "birthday", "n"]

    def test_everything_of_the_left(self) -> None:
        assert others(aggregate(SUBJECT, SESSION, ..., n="count(*)")) == ["species", "born_on", "notes", "n"]

    def test_the_key_may_be_renamed(self) -> None:
        assert keys(aggregate(SUBJECT, SESSION, mouse="subject_id", n="count(*)")) == ["mouse"]

    def test_nothing_but_the_key(self) -> None:
        assert list(aggregate(SUBJECT, SESSION).heading) == ["subject_id"]

    def test_the_left_key_must_be_there(self) -> None:
        with pytest.raises(QueryError, match="session_id"):
            aggregate(SESSION, SUBJECT, n="count(*)")

    def test_right_attributes_need_an_aggregate(self) -> None:
        with pytest.raises(QueryError, match=r"min\(weight_g\)"):
            aggregate(SUBJECT, SESSION, x="weight_g + 1")
        with pytest.raises(UnknownAttributeError):
            aggregate(SUBJECT, SESSION, "weight_g")

    def test_left_attributes_do_not(self) -> None:
        node = aggregate(SUBJECT, SESSION, x="count(*) + length(species)")
        assert isinstance(node, Aggregate)
        assert node.group == ("subject_id", "species")

    def test_codec_values_can_be_counted_only(self) -> None:
        assert others(aggregate(SUBJECT, SCAN, n="count(image)")) == ["n"]
        with pytest.raises(QueryError, match="codec"):
            aggregate(SUBJECT, SCAN, n="max(image)")

    def test_later_restrictions_see_the_results(self) -> None:
        assert restrict(aggregate(SUBJECT, SESSION, n="count(*)"), "n > 3").heading["n"].computed

    def test_what_is_aggregated_is_of_the_right_operand(self) -> None:
        node = aggregate(SUBJECT, SESSION, n="count(notes)")
        assert node.columns[-1] == ("n", Call("count", (Column("session_notes"),)))
        assert others(aggregate(SUBJECT, SESSION, n="count(session_notes)")) == ["n"]

    def test_a_namesake_outside_of_aggregate_functions_is_the_left_one(self) -> None:
        with pytest.warns(NamesakeWarning, match="session_notes"):
            node = aggregate(SUBJECT, SESSION, n="length(notes)")
        assert columns_of(node.columns[-1][1]) == ["notes"]
        with pytest.raises(QueryError, match="inside and outside"):
            aggregate(SUBJECT, SESSION, n="concat(notes, max(notes))")


class TestUnion:
    def test_keys_and_attributes_of_both(self) -> None:
        node = union(project(SUBJECT, "species"), project(SUBJECT, "born_on"))
        assert keys(node) == ["subject_id"]
        assert others(node) == ["species", "born_on"]
        assert node.heading["species"].nullable

    def test_unlike_keys(self) -> None:
        with pytest.raises(QueryError, match="session_id"):
            union(SUBJECT, SESSION)

    def test_shared_secondary_attributes(self) -> None:
        with pytest.raises(QueryError, match="notes"):
            union(SUBJECT, SUBJECT)

    def test_other_origins(self) -> None:
        other = table("animal", key("subject_id", "animal"))
        with pytest.raises(LineageError):
            union(SUBJECT, other)

    def test_other_types(self) -> None:
        other = table("animal", key("subject_id", "subject", CoreType("varchar", (8,))))
        with pytest.raises(QueryError, match="varchar"):
            union(SUBJECT, other)

    def test_an_origin_and_none_are_none(self) -> None:
        values = universe_restrict(("subject_id",), project(SESSION, "weight_g"))
        counted = table("counted", plain("subject_id", INT, in_key=True, nullable=False))
        assert union(values, counted).heading["subject_id"].lineage is None


class TestUniverse:
    def test_distinct_values(self) -> None:
        node = universe_restrict(("species",), SUBJECT)
        assert isinstance(node, Distinct)
        assert keys(node) == ["species"]

    def test_the_operator(self) -> None:
        assert (U("species", "species") & SUBJECT) == universe_restrict(("species",), SUBJECT)

    def test_unknown_attributes(self) -> None:
        with pytest.raises(UnknownAttributeError, match="species"):
            universe_restrict(("spcies",), SUBJECT)

    @pytest.mark.parametrize("name", ["image", "params"])
    def test_values_that_do_not_compare(self, name: str) -> None:
        with pytest.raises(QueryError, match=name):
            universe_restrict((name,), SCAN)

    def test_aggregates_by_values(self) -> None:
        node = universe_aggregate(("species",), SUBJECT, n="count(*)")
        assert list(node.heading) == ["species", "n"]
        assert keys(node) == ["species"]

    def test_aggregates_in_all(self) -> None:
        node = universe_aggregate((), SUBJECT, n="count(*)")
        assert isinstance(node, Aggregate)
        assert node.single
        assert keys(node) == []

    def test_the_method(self) -> None:
        assert U().aggr(SUBJECT, n="count(*)") == universe_aggregate((), SUBJECT, n="count(*)")

    def test_a_bare_attribute_is_no_aggregate(self) -> None:
        with pytest.raises(QueryError, match=r"max\(species\)"):
            universe_aggregate((), SUBJECT, n="species")

    def test_what_has_no_end_is_refused(self) -> None:
        for action in (lambda: U("a") * SUBJECT, lambda: SUBJECT * U("a"), lambda: U("a") - SUBJECT):
            with pytest.raises(QueryError, match="not defined"):
                action()

    def test_only_queries(self) -> None:
        with pytest.raises(QueryError):
            U("a") & {"a": 1}
        with pytest.raises(QueryError):
            U(3)  # type: ignore[arg-type]

    def test_its_look(self) -> None:
        assert repr(U("a", "b")) == "U('a', 'b')"
        assert U("a", "b").primary_key == ["a", "b"]

    def test_results_are_wrapped_as_the_operand_is(self) -> None:
        class Wrapped:
            def __init__(self, node: Node) -> None:
                self.node = node

            def as_node(self) -> Node:
                return self.node

            def with_node(self, node: Node) -> Wrapped:
                return Wrapped(node)

        result = U("species") & Wrapped(SUBJECT)
        assert isinstance(result, Wrapped)
        assert result.node == universe_restrict(("species",), SUBJECT)


def test_nodes_are_values() -> None:
    assert join(project(SESSION), project(SUBJECT)) == join(project(SESSION), project(SUBJECT))
    assert hash(restrict(SUBJECT, "subject_id > 1")) == hash(restrict(SUBJECT, "subject_id > 1"))
    assert isinstance(project(SUBJECT), Project)
