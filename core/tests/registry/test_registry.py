"""The registry of plugins: lazy, one broken package hinders no other, clashes and unknown names explained."""

from __future__ import annotations

import importlib
import sys

import importlib_metadata
import pytest

from fascicle.errors import PluginError
from fascicle.registry import KNOWN_PACKAGES, Registry

GROUP = "fascicle.testgroup"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a small package: modules with their source, entry points of the group."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(package: str, entries: dict[str, str], **modules: str) -> None:
        for module, source in modules.items():
            (tmp_path / f"{module}.py").write_text(source)
            monkeypatch.delitem(sys.modules, module, raising=False)
        info = tmp_path / f"{package}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        lines = [f"[{GROUP}]", *(f"{name} = {value}" for name, value in entries.items())]
        (info / "entry_points.txt").write_text("\n".join(lines))
        importlib.invalidate_caches()

    return install


def test_implementations_load_when_they_are_asked_for(install):
    install(
        "alpha",
        {"a": "fas_alpha:THING", "b": "fas_beta:THING"},
        fas_alpha="THING = object()",
        fas_beta="THING = 2",
    )
    registry: Registry[object] = Registry(GROUP, "thing")
    assert (list(registry), len(registry), "a" in registry) == (["a", "b"], 2, True)
    assert "fas_alpha" not in sys.modules
    assert registry["a"] is registry["a"]
    assert "fas_beta" not in sys.modules
    assert registry.packages() == {"a": "alpha 1.2", "b": "alpha 1.2"}
    assert "a, b" in repr(registry)
    assert registry.get("c", 5) == 5
    with pytest.raises(TypeError):
        registry["c"] = 1


def test_a_broken_plugin_is_named_and_hinders_no_other(install):
    install(
        "broken",
        {
            "bad": "fas_bad:THING",
            "gone": "fas_good:NOTHING",
            "good": "fas_good:THING",
            "odd": "fas_odd:THING",
        },
        fas_bad="import does_not_exist_anywhere",
        fas_good="THING = 1",
        fas_odd="raise RuntimeError('no device')",
    )
    registry: Registry[int] = Registry(GROUP, "thing")
    assert registry["good"] == 1
    for name, reason in (("bad", "does_not_exist_anywhere"), ("gone", "NOTHING"), ("odd", "no device")):
        with pytest.raises(PluginError, match=reason) as caught:
            registry[name]
        assert caught.value.__cause__ is not None
        assert "broken 1.2" in str(caught.value)
        assert repr(name) in caught.value.what
    assert sorted(registry.broken()) == ["bad", "gone", "odd"]


def test_two_packages_of_one_name_are_both_named(install):
    install("one", {"x": "fas_one:THING"}, fas_one="THING = 1")
    install("two", {"x": "fas_two:THING", "y": "fas_two:THING"}, fas_two="THING = 2")
    registry: Registry[int] = Registry(GROUP, "thing")
    with pytest.raises(PluginError, match="several packages") as caught:
        registry["x"]
    assert "one 1.2" in str(caught.value)
    assert "two 1.2" in str(caught.value)
    assert registry["y"] == 2
    assert registry.register("x", 3) == 3
    assert registry["x"] == 3


def test_unknown_names_name_the_nearest_or_the_package(install):
    install("alpha", {"alpha": "fas_alpha:THING"}, fas_alpha="THING = 1")
    registry: Registry[int] = Registry(GROUP, "thing", packages={"beta": "fascicle[beta]"})
    with pytest.raises(PluginError, match="did you mean 'alpha'"):
        registry["alhpa"]
    with pytest.raises(PluginError, match=r"pip install 'fascicle\[beta\]'"):
        registry["beta"]
    with pytest.raises(PluginError, match="installed are alpha") as caught:
        registry["zzz"]
    assert caught.value.details["name"] == "zzz"
    borrowed: Registry[int] = Registry(GROUP, "backend", packages=KNOWN_PACKAGES["fascicle.backends"])
    with pytest.raises(PluginError, match=r"pip install 'fascicle\[mysql\]'"):
        borrowed["mysql"]


def test_registration_in_code():
    registry: Registry[str] = Registry(
        GROUP, "thing", check=lambda t: None if isinstance(t, str) else "no text"
    )
    assert registry.register("x", "one") == "one"
    registry.register("x", "one")
    with pytest.raises(PluginError, match="two things"):
        registry.register("x", "two")
    registry.register("x", "two", replace=True)
    assert registry["x"] == "two"
    assert registry.packages()["x"] == "registered in the program"
    with pytest.raises(PluginError, match="no text"):
        registry.register("y", 5)
    registry.unregister("x")
    registry.unregister("x")
    assert "x" not in registry
    assert "x" not in Registry(GROUP, "thing")


def test_what_is_loaded_is_checked(install):
    install("alpha", {"a": "fas_alpha:THING"}, fas_alpha="THING = 1")
    registry: Registry[str] = Registry(
        GROUP, "thing", check=lambda t: None if isinstance(t, str) else "no text"
    )
    with pytest.raises(PluginError, match="no text"):
        registry["a"]


def test_packages_installed_later_are_found_after_a_refresh(install):
    registry: Registry[int] = Registry(GROUP, "thing")
    assert len(registry) == 0
    install("late", {"late": "fas_late:THING"}, fas_late="THING = 1")
    assert "late" not in registry
    registry.refresh()
    assert registry["late"] == 1


def test_nothing_is_scanned_before_the_first_look_up(monkeypatch):
    def refuse(**_):
        raise AssertionError("scanned")

    monkeypatch.setattr(importlib_metadata, "entry_points", refuse)
    registry: Registry[int] = Registry(GROUP, "thing")
    registry.register("x", 1)
    assert registry["x"] == 1
    with pytest.raises(AssertionError, match="scanned"):
        registry["y"]
