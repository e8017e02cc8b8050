"""Bound tables in other processes: pickled by pipeline, Element and name; populated by workers."""

from __future__ import annotations

import datetime as dt
import importlib
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import fascicle as fc
from fascicle.errors import SchemaError
from tests.elements import toys
from tests.elements.toys import Visits

NAME = "tests.elements.workflow"
NOON = dt.datetime(2026, 1, 5, 12)


@pytest.fixture
def workflow(backend: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("FASCICLE_TEST_ELEMENTS_URL", backend.url)
    monkeypatch.setenv("FASCICLE_TEST_ELEMENTS_PREFIX", backend.prefix)
    sys.modules.pop(NAME, None)
    module = importlib.import_module(NAME)
    module.zoo.Animal.insert([{"animal": name} for name in ("Ida", "Otto", "Pia", "Max")])
    yield module
    module.connection.close()
    sys.modules.pop(NAME, None)


def test_bound_classes_pickle_by_name(workflow: Any) -> None:
    for table in (workflow.rig1.Visit, workflow.rig2.Visit, workflow.rig2.Visit.Guest):
        assert pickle.loads(pickle.dumps(table)) is table
    assert workflow.rig1.Visit._address() == (NAME, "pipeline.rig1.Visit")
    assert pickle.loads(pickle.dumps(toys.Visit)) is toys.Visit


def test_another_process_finds_the_same_table(workflow: Any, tmp_path: Any) -> None:
    workflow.rig2.Visit.insert1(("Ida", 1, NOON))
    file = tmp_path / "table.pickle"
    file.write_bytes(pickle.dumps(workflow.rig2.Visit))
    program = f"import pickle; t = pickle.load(open({str(file)!r}, 'rb')); print(t.full_table_name, len(t))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [workflow.rig2.Visit.full_table_name, "1"]


def test_worker_processes_populate_a_bound_table(workflow: Any) -> None:
    workflow.rig2.Visit.insert([(name, 1, NOON) for name in ("Ida", "Otto", "Pia", "Max")])
    assert workflow.rig2.Length.populate(processes=2)["success_count"] == 4
    assert len(workflow.rig2.Length) == 4
    assert len(workflow.rig1.Length) == 0


def test_a_pipeline_without_a_module_says_so() -> None:
    element = Visits("v")
    with pytest.raises(SchemaError, match="no module holds the pipeline"):
        pickle.dumps(element.Visit)


def test_instances_of_a_class_of_a_module_still_pickle() -> None:
    assert pickle.loads(pickle.dumps(fc.Manual)) is fc.Manual
