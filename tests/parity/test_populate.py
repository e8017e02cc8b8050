"""Populating."""

from __future__ import annotations

from typing import Any

import pytest

import fascicle as dj


@pytest.mark.parity(
    "Computed.key_source",
    "Computed.make",
    "Computed.populate",
    "Computed.populate(*restrictions)",
    "Computed.progress",
    "Computed.progress(display=)",
    "populate summary: success_count, error_list",
    "Computed.populate(display_progress=)",
)
def test_populate(lab: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.Recording.progress() == (4, 4)
    assert lab.Recording.key_source.primary_key == ["subject_id", "session_id"]
    result = lab.Recording.populate("subject_id = 2", {"session_id": 1})
    assert result["success_count"] == 1
    assert result["error_list"] == []
    assert dict(result).keys() == {"success_count", "error_list"}
    assert lab.Recording.progress("subject_id = 1", display=True) == (3, 3)
    assert "Recording" in capsys.readouterr().out
    lab.Recording.populate(display_progress=True)
    assert lab.Recording.progress() == (0, 4)
    assert len(lab.Channel) == 12
    assert lab.Recording.populate()["success_count"] == 0
    lab.Detection.populate()
    assert len(lab.Detection) == 8
    assert (lab.Detection & {"subject_id": 1, "session_id": 1}).to_arrays(
        "n_above", order_by="KEY"
    ).tolist() == [2, 1]


@pytest.mark.parity("Computed.upstream")
def test_upstream(recorded: Any) -> None:
    @recorded.schema
    class Gain(dj.Computed):
        definition = """
        -> Recording
        ---
        species : varchar(24)
        total : float64
        """

        def make(self, key: dict[str, Any]) -> None:
            species = self.upstream[recorded.Subject].fetch1("species")
            total = self.upstream["Recording.Channel"].to_arrays("gain").sum()
            self.insert1({**key, "species": species, "total": total})

    assert Gain.populate()["success_count"] == 4
    assert Gain.to_arrays("total").tolist() == [1.5] * 4
    assert (Gain & {"subject_id": 1}).upstream[recorded.Subject].keys() == [{"subject_id": 1}]


@pytest.mark.parity(
    "Computed.populate(suppress_errors=)",
    "Computed.populate(return_exception_objects=)",
    "Computed.populate(max_calls=)",
    "Computed.populate(make_kwargs=)",
    "each make in its own transaction",
    "populate(order=, limit=, keys=)",
)
def test_options(lab: Any) -> None:
    @lab.schema
    class Score(dj.Computed):
        definition = """
        -> Session
        ---
        score : float64
        """
        key_source = lab.Session & "subject_id = 1"

        def make(self, key, factor=1):
            self.insert1({**key, "score": factor * key["session_id"]})
            if key["session_id"] == 2:
                raise ValueError("no second session")

    assert Score.progress() == (3, 3)
    assert Score.populate(max_calls=1, make_kwargs={"factor": 10})["success_count"] == 1
    assert Score.fetch1("session_id", "score") == (1, 10.0)
    with pytest.raises(ValueError, match="no second"):
        Score.populate()
    result = Score.populate(suppress_errors=True)
    assert result["success_count"] == 1
    [(key, message)] = result["error_list"]
    assert key == {"subject_id": 1, "session_id": 2}
    assert "no second session" in message
    result = Score.populate(suppress_errors=True, return_exception_objects=True)
    assert isinstance(result["error_list"][0][1], ValueError)
    assert len(Score & "session_id = 2") == 0
    Score.delete()
    Score.populate(order="reverse", limit=1)
    assert Score.fetch1("session_id") == 3
    Score.populate(keys=[{"subject_id": 1, "session_id": 1}])
    assert len(Score) == 2


@pytest.mark.parity("make_fetch, make_compute, make_insert", "make as a generator", "_make_tuples")
def test_forms_of_make(lab: Any) -> None:
    definition = """
    -> Session
    ---
    double : float64
    """

    @lab.schema
    class InThree(dj.Computed):
        definition = """
        -> Session
        ---
        double : float64
        """

        def make_fetch(self, key):
            return ((lab.Session & key).fetch1("session_id"),)

        def make_compute(self, key, number):
            return (2.0 * number,)

        def make_insert(self, key, double):
            self.insert1({**key, "double": double})

    @lab.schema
    class AsGenerator(dj.Computed):
        definition = """
        -> Session
        ---
        double : float64
        """

        def make(self, key):
            fetched = (lab.Session & key).fetch1("session_id")
            computed = yield (fetched,)
            if not computed:
                computed = (2.0 * fetched,)
                yield computed
            self.insert1({**key, "double": computed[0]})
            yield

    @lab.schema
    class InOldWords(dj.Computed):
        definition = """
        -> Session
        ---
        double : float64
        """

        def _make_tuples(self, key):
            self.insert1({**key, "double": 2.0 * key["session_id"]})

    assert definition
    for table in (InThree, AsGenerator, InOldWords):
        assert table.populate()["success_count"] == 4
        assert table.to_arrays("double", order_by="KEY").tolist() == [2.0, 4.0, 6.0, 2.0]
