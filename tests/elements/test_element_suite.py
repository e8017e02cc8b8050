"""The suite for Elements fails those that break what it asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import fascicle as fc
from fascicle.testing.element_suite import ElementSuite
from tests.elements import toys


class Filled(toys.Menagerie):
    """Animals and who keeps them."""

    def synthetic(self, folder: Path, *, seed: int = 0) -> None:
        keeper = {} if self.Keeper is None else self.Keeper.keys(limit=1)[0]
        columns = {} if self.Keeper is None else self.columns(self.Animal, self.Keeper)
        rows = [{"animal": "Ida", **{mine: keeper[theirs] for theirs, mine in columns.items()}}]
        self.fill(folder, {"Animal": [{**row, "born_on": "2025-01-01"} for row in rows]})


class Empty(Filled):
    """Animals that never come."""

    def synthetic(self, folder: Path, *, seed: int = 0) -> None:
        pass


class Null(Filled):
    """Animals of unknown age."""

    def synthetic(self, folder: Path, *, seed: int = 0) -> None:
        self.fill(folder, {"Animal": [{"animal": "Ida"}]})


class Assuming(fc.Element):
    """Scores of subjects, whose key it takes for granted."""

    class Score(fc.Manual):
        """Scores."""

        definition = """
        # score
        -> Subject
        ---
        score : float64
        """

    Subject = fc.TablePort("whose score it is")
    Scores = fc.TableSlot(Score)

    def synthetic(self, folder: Path, *, seed: int = 0) -> None:
        key = self.Subject.keys(limit=1)[0]
        self.fill(folder, {"Scores": [{"subject_id": key["subject_id"], "score": 1.0}]})


class Silent(fc.Element):
    Animal = fc.TableSlot(toys.Animal)
    Keeper = fc.TablePort(optional=True)


def suite(element: type[fc.Element]) -> ElementSuite:
    return type("Suite", (ElementSuite,), {"element": element})()


def run(element: type[fc.Element], test: str, backend: Any, folder: Path, *, linked: bool = True) -> None:
    checks = suite(element)
    connection = backend.connect()
    arguments: dict[str, Any] = {"connection": connection, "prefix": backend.prefix}
    if linked:
        arguments["links"] = checks.make_links(connection, backend.prefix)
    getattr(checks, test)(**arguments, tmp_path=folder)


FILLED = "test_every_table_and_column_is_filled"


@pytest.mark.backends("sqlite")
def test_a_sound_element_passes(backend: Any, tmp_path: Path) -> None:
    run(Filled, FILLED, backend, tmp_path)
    suite(Filled).test_it_says_what_it_is()


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    ("element", "message"), [(Empty, "these tables are empty"), (Null, "these columns are NULL in every row")]
)
def test_empty_tables_and_null_columns_fail(
    backend: Any, tmp_path: Path, element: type[fc.Element], message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        run(element, FILLED, backend, tmp_path)


@pytest.mark.backends("sqlite")
def test_assumed_key_names_fail(backend: Any, tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="subject_id"):
        run(Assuming, FILLED, backend, tmp_path)


@pytest.mark.backends("sqlite")
def test_an_element_without_synthetic_data_fails(backend: Any, tmp_path: Path) -> None:
    with pytest.raises(fc.errors.SchemaError, match="brings no synthetic data"):
        run(toys.Menagerie, FILLED, backend, tmp_path)


def test_silent_elements_fail() -> None:
    with pytest.raises(AssertionError, match="no docstring"):
        suite(Silent).test_it_says_what_it_is()


def test_a_needed_function_must_be_given() -> None:
    class Needy(Filled):
        convert = fc.FunctionPort("converts")

    with pytest.raises(AssertionError, match="give these functions"):
        suite(Needy).test_function_ports_are_given()
