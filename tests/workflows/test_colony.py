"""The workflow of three Elements on every database: filled through CSV files, opened again, broken files refused."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import fascicle as fc
from fascicle.testing.element.audit import empty_tables, null_columns

ROOT = Path(__file__).parents[2]


def load() -> Any:
    spec = importlib.util.spec_from_file_location("colony_pipeline", ROOT / "workflows/colony/pipeline.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_colony_is_entered_through_csv_files(backend: Any, tmp_path: Path) -> None:
    workflow, db = load(), backend.connect()
    pipeline = workflow.assemble(f"{backend.prefix}_").activate(db)
    workflow.fill(pipeline, tmp_path)
    counts = {status.table.partition(".")[2]: status.rows for status in pipeline.status()}
    assert (counts["Subject"], counts["Session"], counts["Litter"]) == (200, 300, 32)
    for element in pipeline:
        assert empty_tables(element) == []
        assert null_columns(element) == []
    assert pipeline.populate().success_count == 0
    session, subject, lab = (pipeline[name] for name in ("session", "subject", "lab"))
    sessions = session.tables["Session"].proj("project")
    joined = sessions * subject.tables["Subject"].proj("line") * lab.tables["Project"]
    assert len(joined & "line = 'ThyGC' and project = 'maze'") > 0
    again = workflow.assemble(f"{backend.prefix}_").activate(backend.connect())
    assert len(again["session"].tables["Session"]) == 300
    unchanged = session.ingest(tmp_path / "session")
    assert sum(unchanged.rows.values()) == 0


@pytest.mark.backends("sqlite")
def test_a_dry_run_tells_every_fault_and_writes_nothing(backend: Any, tmp_path: Path) -> None:
    workflow, db = load(), backend.connect()
    pipeline = workflow.assemble().activate(db)
    pipeline["lab"].synthetic(tmp_path / "lab")
    subject, folder = pipeline["subject"], tmp_path / "subject"
    subject.templates(folder)
    (folder / "Subjct.csv").write_text("subject_id\nm1\n")
    (folder / "Cage.csv").write_text("cage,rom\nc1,A\n")
    (folder / "Subject.csv").write_text(
        "subject_id,binomial,sex,born_on\n"
        "m1,Mus musculus,M,2025-01-01\nm1,Mus musculus,F,2025-01-01\n"
        "m2,Mus muscullus,F,2025-01-01\nm3,Mus musculus,male,soon\n,Mus musculus,F,\n"
    )
    (folder / "Weighing.csv").write_text(
        "subject_id,weighing_id,measured_utc,weight_g,person\n"
        "m1,1,2025-03-01 10:00,20.5,ada\nm9,1,2025-03-01T10:00Z,20.5,adda\nm1,2,2025-03-01T10:00Z,-1,\n"
    )
    report = subject.ingest(folder, dry_run=True)
    told = {(fault.file, fault.line, fault.column) for fault in report.faults}
    assert told == {
        ("Subjct.csv", 1, "*"),
        ("Cage.csv", 1, "rom"),
        ("Subject.csv", 3, "subject_id"),
        ("Subject.csv", 4, "binomial"),
        ("Subject.csv", 5, "sex"),
        ("Subject.csv", 5, "born_on"),
        ("Subject.csv", 6, "subject_id"),
        ("Weighing.csv", 2, "measured_utc"),
        ("Weighing.csv", 3, "subject_id"),
        ("Weighing.csv", 3, "person"),
        ("Weighing.csv", 4, "weight_g"),
    }
    text = "\n".join(map(str, report.faults))
    assert "did you mean 'Mus musculus'" in text
    assert "did you mean 'ada'" in text
    assert "the same key as line 2" in text
    with pytest.raises(fc.ValidationError, match="11 faults"):
        subject.ingest(folder)
    assert len(subject.tables["Subject"]) == 0


@pytest.mark.backends("sqlite")
def test_wheels_install_are_discovered_and_run(backend: Any, tmp_path: Path) -> None:
    wheels, target = tmp_path / "wheels", tmp_path / "site"
    places = [f"./{name}" for name in ("core", "elements/lab", "elements/subject", "elements/session")]
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), *places]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    files = sorted(map(str, wheels.glob("*.whl")))
    assert len(files) == len(places)
    install = [*pip, "install", "--no-deps", "--no-index", "--target", str(target), *files]
    subprocess.run(install, check=True, capture_output=True)
    program = (
        "import fascicle, fascicle.element as e, sys;"
        "print(fascicle.__file__.startswith(sys.argv[1]), *sorted((x.name, x.error) for x in e.installed_elements()))"
    )
    environment = {**os.environ, "PYTHONPATH": str(target)}
    done = subprocess.run(
        [sys.executable, "-c", program, str(target)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[0] == "True ('lab', None) ('session', None) ('subject', None)"
    demo = [sys.executable, ROOT / "workflows/colony/demo.py", "--folder", tmp_path / "demo"]
    ran = subprocess.run(demo, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "300/300" in ran.stdout


def test_the_demonstration_runs_twice(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", ROOT / "workflows/colony/demo.py", "--folder", tmp_path]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=False) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert "nothing is left to do" in second.stdout
    assert "300/300" in first.stdout
