"""Hooks: the life of a make, declaring, deleting, commands; faulty plugins are named and silence nobody."""

from __future__ import annotations

import logging
import warnings
from types import SimpleNamespace
from typing import Any

import pytest

import fascicle as fc
from fascicle.hooks import Command, HookWarning, Relay, hookimpl
from fascicle.registry import Registry
from tests.architecture.test_import_cost import modules_after


class Listener:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    @hookimpl
    def after_declare(self, table: Any) -> None:
        self.heard.append(("declared", table.__name__))

    @hookimpl
    def before_make(self, table: Any, key: Any) -> None:
        self.heard.append(("before", table.__name__, dict(key)))
        if key.get("n") == 3:
            raise RuntimeError("three is forbidden")

    @hookimpl
    def after_make(self, key: Any, seconds: float) -> None:
        self.heard.append(("after", dict(key), seconds > 0))

    @hookimpl
    def make_failed(self, key: Any, error: BaseException) -> None:
        self.heard.append(("failed", dict(key), str(error)))

    @hookimpl
    def before_delete(self, plan: Any) -> None:
        if plan.root.class_name == "Square":
            raise PermissionError("squares stay")

    @hookimpl
    def after_delete(self, plan: Any, count: int) -> None:
        self.heard.append(("deleted", plan.root.class_name, count))


class Deaf:
    """Fails whenever it hears anything."""

    @hookimpl
    def after_make(self, table: Any) -> None:
        raise ValueError(f"cannot hear {table.__name__}")


def empty() -> Registry[Any]:
    return Registry("fascicle.tests.none", "hook plugin")


@pytest.fixture
def relay(db: fc.Connection) -> Relay:
    made = Relay(empty())
    db.runtime.hooks = made
    return made


@pytest.fixture
def numbers(schema: fc.Schema) -> SimpleNamespace:
    @schema
    class Number(fc.Manual):
        definition = """
        n : int32
        """

    @schema
    class Square(fc.Computed):
        definition = """
        -> Number
        ---
        square : int32
        """

        def make(self, key: dict[str, Any]) -> None:
            if key["n"] == 2:
                raise ArithmeticError("two is odd")
            self.insert1({**key, "square": key["n"] ** 2})

    Number.insert([(1,), (2,), (3,), (4,)])
    return SimpleNamespace(Number=Number, Square=Square, schema=schema)


def test_the_life_of_a_make_is_told(relay: Relay, numbers: SimpleNamespace) -> None:
    listener = Listener()
    relay.register(listener)
    summary = numbers.Square.populate(suppress_errors=True)
    assert (summary["success_count"], len(summary["error_list"])) == (2, 2)
    told = [
        (what, entry[0]["n"] if isinstance(entry[0], dict) else entry[1]["n"])
        for what, *entry in listener.heard
    ]
    assert told == [
        *[("before", 1), ("after", 1), ("before", 2), ("failed", 2)],
        *[("before", 3), ("failed", 3), ("before", 4), ("after", 4)],
    ]
    assert ("failed", {"n": 2}, "two is odd") in listener.heard
    assert sorted(numbers.Square.to_arrays("n")) == [1, 4]


def test_declaring_and_deleting_are_told_and_deleting_can_be_forbidden(
    relay: Relay, numbers: SimpleNamespace
) -> None:
    listener = Listener()
    relay.register(listener)

    @numbers.schema
    class Later(fc.Manual):
        definition = "a : int32"

    (numbers.Number & "n = 4").delete(prompt=False)
    assert listener.heard == [("declared", "Later"), ("deleted", "Number", 1)]
    (numbers.Number & "n = 1").delete(prompt=False)
    numbers.Number.insert1((1,))
    numbers.Square.populate("n = 1")
    with pytest.raises(PermissionError):
        numbers.Square.delete(prompt=False)
    assert len(numbers.Square) == 1


@pytest.mark.backends("sqlite")
def test_a_failing_listener_is_named_and_silences_nobody(relay: Relay, numbers: SimpleNamespace) -> None:
    listener = Listener()
    relay.register(listener)
    relay.register(Deaf(), "deaf")
    with pytest.warns(
        HookWarning, match="the listener 'deaf' failed in after_make: ValueError: cannot hear Square"
    ):
        numbers.Square.populate("n = 1")
    assert ("after", {"n": 1}, True) in listener.heard
    assert len(numbers.Square) == 1


@pytest.mark.backends("sqlite")
def test_events_are_logged(relay: Relay, numbers: SimpleNamespace, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="fascicle.events"):
        numbers.Square.populate(suppress_errors=True)
        numbers.Number.delete(prompt=False)
    text = caplog.text
    for part in (
        "making Square {'n': 1}",
        "made Square {'n': 4} in",
        "failed Square {'n': 2}: Arith",
        "deleted 4 rows",
    ):
        assert part in text, part


def test_plugins_that_cannot_be_used_are_named() -> None:
    class Wrong:
        @hookimpl
        def after_lunch(self) -> None: ...

    class Sound:
        @hookimpl
        def commands(self) -> list[Command]:
            return [Command("lab count", len)]

    plugins = empty()
    plugins.register("wrong", Wrong())
    plugins.register("sound", Sound())
    relay = Relay(plugins)
    with pytest.warns(HookWarning, match=r"'wrong' is left out.*after_lunch"):
        offered = [command for found in relay.call("commands") for command in found]
    assert {command.name for command in offered} >= {"lab count", "elements"}


def test_the_list_of_elements_is_a_command() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (command,) = (c for found in Relay(empty()).call("commands") for c in found if c.name == "elements")
    assert command.help.startswith("List installed Elements")
    assert isinstance(command.function(), list)


def test_connecting_loads_no_pluggy_and_the_first_call_does() -> None:
    loaded = modules_after("import fascicle as fc; fc.connect('sqlite://'); import fascicle.hooks")
    assert "pluggy" not in loaded
