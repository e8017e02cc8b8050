"""Transactions through tables: what fails inside leaves the rest usable, however often."""

from __future__ import annotations

import logging
from typing import Any

import pytest

import fascicle as fc

OFTEN = 12  # beyond what drivers count before they keep a statement on the server


def test_a_transaction_outlives_statements_that_fail_often(
    lab: Any, db: fc.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    row = {"subject_id": "m1"}
    with caplog.at_level(logging.WARNING), db.transaction:
        for number in range(OFTEN):
            with pytest.raises(fc.DuplicateError):
                lab.Subject.insert1(row)
            with pytest.raises(fc.FascicleError):
                db.query("SELECT 1 FROM nothing_of_that_name")
            lab.Subject.insert1({"subject_id": f"new{number}"})
            assert (lab.Subject & row).fetch1("species") == "Mus musculus"
    assert len(lab.Subject) == 3 + OFTEN
    assert not caplog.records


def lose(lab: Any, db: fc.Connection) -> None:
    with db.transaction:
        lab.Subject.update1({"subject_id": "m2", "notes": "lost"})
        lab.Subject.insert1({"subject_id": "m3"})


def test_nested_blocks_that_fail_often(lab: Any, db: fc.Connection) -> None:
    for number in range(OFTEN):
        with db.transaction:
            lab.Subject.update1({"subject_id": "m1", "notes": f"kept {number}"})
            with pytest.raises(fc.DuplicateError):
                lose(lab, db)
            lab.Subject.update1({"subject_id": "m3", "notes": f"kept {number}"})
    last = f"kept {OFTEN - 1}"
    assert list(lab.Subject.to_arrays("notes", order_by="KEY")) == [last, "", last]


def test_statements_that_fail_often_outside(lab: Any) -> None:
    for _ in range(OFTEN):
        with pytest.raises(fc.DuplicateError):
            lab.Subject.insert1({"subject_id": "m1"})
        assert len(lab.Subject & "subject_id = 'm1'") == 1
    lab.Subject.insert1({"subject_id": "m4"})
