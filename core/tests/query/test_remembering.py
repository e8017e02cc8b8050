"""What headings remember makes queries quicker to build, and changes nothing else."""

from __future__ import annotations

import pytest

from fascicle.errors import QueryError, UnknownAttributeError
from fascicle.model import Attribute, CoreType, Heading, TableName
from fascicle.model.heading import MOST_UNDERSTOOD
from fascicle.query.nodes import Project, Relation, Restrict
from fascicle.query.operators import aggregate, join, project, restrict
from fascicle.query.scalar import Literal


def table(name: str, keys: tuple[str, ...], secondary: str) -> Relation:
    key = [Attribute(k, CoreType("int32"), True, lineage=f"lab.x.{k}") for k in keys]
    return Relation(TableName("lab", name), Heading([*key, Attribute(secondary, CoreType("float64"))]))


@pytest.fixture
def subject() -> Relation:
    return table("subject", ("subject_id",), "weight_g")


@pytest.fixture
def session(subject: Relation) -> Relation:
    return table("session", ("subject_id", "session_id"), "length_s")


def test_a_text_is_parsed_once_for_a_heading(subject: Relation) -> None:
    first, second = (restrict(subject, "weight_g > 20") for _ in range(2))
    assert isinstance(first, Restrict)
    assert isinstance(second, Restrict)
    assert first.condition is second.condition


def test_headings_do_not_share_what_they_know(subject: Relation, session: Relation) -> None:
    restrict(subject, "weight_g > 20")
    with pytest.raises(UnknownAttributeError):
        restrict(session, "weight_g > 20")


def test_errors_are_not_remembered(subject: Relation) -> None:
    for _ in range(2):
        with pytest.raises(QueryError, match="one row at a time"):
            restrict(subject, "count(*) > 1")
        with pytest.raises(QueryError):
            project(subject, n="count(*)")
    assert aggregate(subject, subject, n="count(*)").heading["n"].type == CoreType("int64")


def test_a_condition_and_an_expression_of_one_text_differ(subject: Relation) -> None:
    project(subject, heavy="weight_g")
    with_truth = restrict(subject, "weight_g")
    assert isinstance(with_truth, Restrict)
    assert isinstance(project(subject, twice="weight_g + weight_g"), Project)


def test_projections_of_other_values_stay_apart(subject: Relation) -> None:
    """1, 1.0 and True are equal, and so would be keys of a memory."""
    made = [project(subject, one=value) for value in (1, 1.0, True, "1")]
    values = [dict(node.columns)["one"] for node in made if isinstance(node, Project)]
    assert [type(v.value) for v in values if isinstance(v, Literal)] == [int, float, bool, int]


def test_a_name_is_not_taken_for_everything() -> None:
    odd = table("odd", ("k",), "Ellipsis")
    assert list(project(odd, "Ellipsis").heading) == ["k", "Ellipsis"]
    assert list(project(odd, x="k + 1").heading) == ["k", "x"]
    assert list(project(odd, ..., x="k + 1").heading) == ["k", "Ellipsis", "x"]


def test_joins_know_which_sides_they_had(subject: Relation, session: Relation) -> None:
    other = table("other", ("subject_id", "session_id"), "depth_um")
    first, second, third = join(subject, session), join(subject, other), join(subject, session)
    assert first.heading is third.heading
    assert list(second.heading) == ["subject_id", "session_id", "depth_um", "weight_g"]
    assert list(first.heading) == ["subject_id", "session_id", "length_s", "weight_g"]
    outer = join(session, subject, left_outer=True)
    assert outer.heading["weight_g"].nullable
    assert not join(session, subject).heading["weight_g"].nullable


def test_the_memory_is_bounded(subject: Relation) -> None:
    for number in range(3 * MOST_UNDERSTOOD):
        restrict(subject, f"weight_g > {number}")
        assert len(subject.heading.understood) <= MOST_UNDERSTOOD
    long = " OR ".join(f"weight_g > {number}" for number in range(100))
    restrict(subject, long)
    assert all(long not in key for key in subject.heading.understood)
