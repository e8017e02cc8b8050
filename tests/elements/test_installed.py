"""Installed Elements: found by entry point, each broken one named, none stopping the others."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fascicle.element import ELEMENTS, installed_elements
from fascicle.element.installed import GROUP
from fascicle.errors import PluginError

SOUND = """
import fascicle as fc

class Thing(fc.Manual):
    definition = "thing : int32"

class Things(fc.Element):
    '''Things in a house.'''
    stability = "beta"
    distribution = "things"
    House = fc.TablePort("where they are", roles={"built": "date?"})
    count = fc.FunctionPort(optional=True)
    Thing = fc.TableSlot(Thing)
"""


@pytest.fixture
def install(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(package: str, entries: dict[str, str], needs: str = "fascicle", **modules: str) -> None:
        for module, source in modules.items():
            (tmp_path / f"{module}.py").write_text(source)
            monkeypatch.delitem(sys.modules, module, raising=False)
        info = tmp_path / f"{package}-1.2.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\nRequires-Dist: {needs}\n"
        (info / "METADATA").write_text(metadata)
        lines = [f"[{GROUP}]", *(f"{name} = {value}" for name, value in entries.items())]
        (info / "entry_points.txt").write_text("\n".join(lines))
        importlib.invalidate_caches()
        ELEMENTS.refresh()

    yield install
    ELEMENTS.refresh()


def found() -> dict[str, Any]:
    return {element.name: element for element in installed_elements()}


def test_an_installed_element_is_described(install: Callable[..., None]) -> None:
    install("things", {"things": "things_element:Things"}, things_element=SOUND)
    element = found()["things"]
    assert element.package == "things 1.2"
    told = element.as_dict()
    assert told["stability"] == "beta"
    assert told["version"] == "1.2"
    assert told["summary"] == "Things in a house."
    assert [port["name"] for port in told["ports"]] == ["House", "count"]
    assert told["ports"][0]["roles"] == {"built": "date?"}
    assert told["tables"] == [{"name": "Thing", "tier": "manual"}]
    assert json.loads(json.dumps(told)) == told
    assert ELEMENTS["things"] is element.element


def test_broken_ones_are_named_and_stop_nobody(install: Callable[..., None]) -> None:
    install("things", {"things": "things_element:Things"}, things_element=SOUND)
    install("burnt", {"burnt": "burnt_element:Burnt"}, burnt_element="import no_such_module")
    install("plain", {"plain": "plain_element:NUMBER"}, plain_element="NUMBER = 3")
    install("later", {"later": "later_element:X"}, "fascicle>=9,<10", later_element="raise SystemError")
    install("one", {"twin": "things_element:Things"})
    install("two", {"twin": "other_element:Things"}, other_element=SOUND)
    listed = found()
    assert listed["things"].element is not None
    said = {name: str(listed[name].error) for name in ("burnt", "plain", "later", "twin")}
    assert "burnt 1.2" in said["burnt"]
    assert "No module named 'no_such_module'" in said["burnt"]
    assert "a subclass of fascicle.Element" in said["plain"]
    assert "needs fascicle >=9,<10, and 0." in said["later"]
    assert "several packages bring a Element named 'twin'" in said["twin"].replace("an Element", "a Element")
    assert "one 1.2" in said["twin"]
    assert "two 1.2" in said["twin"]
    assert "error" in listed["burnt"].as_dict()


def test_unknown_names_get_advice(install: Callable[..., None]) -> None:
    install("things", {"things": "things_element:Things"}, things_element=SOUND)
    with pytest.raises(PluginError, match="did you mean 'things'"):
        ELEMENTS["thing"]
