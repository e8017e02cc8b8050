"""Making rows again in the place of the old ones."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import fascicle as fc
from fascicle.errors import ConfirmationRequired, MakeError


@pytest.fixture
def lab(schema: fc.Schema, subject: Any) -> SimpleNamespace:
    state = SimpleNamespace(items=(0, 1, 2), fail=False)

    @schema
    class Sorting(fc.Computed):
        definition = """
        -> Subject
        ---
        n : int32
        weight : float64
        """

        class Unit(fc.Part):
            definition = """
            -> master
            unit : int32
            ---
            size : float64
            """

        def make(self, key: dict[str, Any]) -> None:
            weight = (subject & key).fetch1("weight")
            if state.fail:
                raise ValueError("no")
            self.insert1(dict(key, n=len(state.items), weight=weight))
            self.Unit.insert([dict(key, unit=unit, size=weight) for unit in state.items])

    @schema
    class Curation(fc.Manual):
        definition = """
        -> Sorting
        ---
        verdict : varchar(20)
        """

    @schema
    class UnitNote(fc.Manual):
        definition = """
        -> Sorting.Unit
        ---
        note : varchar(20)
        """

    @schema
    class Quality(fc.Computed):
        definition = """
        -> Sorting.Unit
        """

        def make(self, key: dict[str, Any]) -> None:
            _ = (Sorting.Unit & key).fetch1("size")
            self.insert1(key)

    Sorting.populate()
    Quality.populate()
    Curation.insert([(i, "good") for i in range(5)])
    return SimpleNamespace(
        Subject=subject, Sorting=Sorting, Curation=Curation, UnitNote=UnitNote, Quality=Quality, state=state
    )


def test_stale_rows_are_replaced_and_what_refers_to_them_stays(lab: SimpleNamespace) -> None:
    lab.Subject.update1({"subject_id": 2, "weight": 100.0})
    assert lab.Sorting.stale().keys() == [{"subject_id": 2}]
    summary = lab.Sorting.repopulate(prompt=False)
    assert summary["success_count"] == 1
    assert (lab.Sorting & "subject_id = 2").fetch1("weight") == 100.0
    assert set((lab.Sorting.Unit & "subject_id = 2").to_arrays("size").tolist()) == {100.0}
    assert len(lab.Curation) == 5
    assert len(lab.Quality) == 15
    assert lab.Sorting.stale().keys() == []
    assert len(lab.Quality.stale()) == 3
    assert "no row is stale" in str(lab.Sorting.repopulate(prompt=False).why_nothing_ran)


def test_part_rows_that_vanish_take_computed_rows_along(lab: SimpleNamespace) -> None:
    lab.state.items = (1, 2, 3)
    lab.Sorting.repopulate("subject_id = 1", prompt=False)
    units = (lab.Sorting.Unit & "subject_id = 1").to_arrays("unit")
    assert sorted(units.tolist()) == [1, 2, 3]
    assert len(lab.Quality & "subject_id = 1") == 2
    assert lab.Quality.progress() == (1, 15)
    assert len(lab.Curation) == 5


def test_people_s_rows_are_kept(lab: SimpleNamespace) -> None:
    lab.UnitNote.insert([(1, 0, "keep me"), (1, 1, "me too")])
    lab.Sorting.repopulate("subject_id = 1", prompt=False)
    assert len(lab.UnitNote) == 2
    lab.state.items = (1, 2)
    with pytest.raises(MakeError, match=r"1 rows? of UnitNote"):
        lab.Sorting.repopulate("subject_id = 1", prompt=False)
    assert len(lab.UnitNote) == 2
    assert len(lab.Sorting.Unit & "subject_id = 1") == 3
    lab.Sorting.repopulate("subject_id = 1", prompt=False, also_delete=(lab.UnitNote,))
    assert lab.UnitNote.to_dicts() == [{"subject_id": 1, "unit": 1, "note": "me too"}]
    assert len(lab.Sorting.Unit & "subject_id = 1") == 2


def test_a_failure_leaves_the_old_row(lab: SimpleNamespace) -> None:
    before = lab.Sorting.to_dicts(order_by="KEY")
    lab.Subject.update1({"subject_id": 2, "weight": 100.0})
    lab.state.fail = True
    with pytest.raises(ValueError, match="no"):
        lab.Sorting.repopulate(prompt=False)
    summary = lab.Sorting.repopulate(prompt=False, suppress_errors=True)
    assert len(summary["error_list"]) == 1
    assert lab.Sorting.to_dicts(order_by="KEY") == before


def test_it_asks_first(lab: SimpleNamespace, connection: Any) -> None:
    plans: list[str] = []
    connection.runtime.interaction.confirm = lambda plan: bool(plans.append(plan))
    with pytest.raises(ConfirmationRequired):
        lab.Sorting.repopulate("subject_id = 1")
    assert "1 rows of Sorting would be made again" in plans[0]
    assert "Curation" in plans[0]
