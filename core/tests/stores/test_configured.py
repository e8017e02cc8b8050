"""Stores by name, as settings describe them."""

from __future__ import annotations

import pickle
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from fascicle.errors import ConfigError, UnknownStoreError
from fascicle.registry import Registry
from fascicle.stores import EMBEDDED, LocalStore, Stores


def stores(table: dict[str, Any], embedded: Path | None = None) -> Stores:
    return Stores(lambda: table, embedded)


def test_a_store_is_made_once_and_again_when_its_settings_change(tmp_path: Path) -> None:
    table = {"default": "m", "m": {"protocol": "file", "location": str(tmp_path / "a")}}
    known = stores(table)
    first = known["m"]
    assert isinstance(first, LocalStore)
    assert known[""] is known["m"] is first
    table["m"] = {"protocol": "file", "location": str(tmp_path / "b"), "hash_prefix": "h"}
    assert known["m"].location == str(tmp_path / "b")
    assert known.layout("m").hash_prefix == "h"
    assert list(known) == ["m"]
    assert len(known) == 1
    assert "m" in known
    assert "default" not in known


def test_the_embedded_store_needs_no_settings(tmp_path: Path) -> None:
    known = stores({}, tmp_path / "lab.db.objects")
    assert known.resolve("") == known.resolve(None) == EMBEDDED
    assert known[""].location == str(tmp_path / "lab.db.objects")
    assert list(known) == [EMBEDDED]


def test_a_default_in_the_settings_comes_before_the_embedded_one(tmp_path: Path) -> None:
    table = {"default": "m", "filepath_default": "raw", "m": {"protocol": "file", "location": "/x"}}
    known = stores(table, tmp_path)
    assert known.resolve("") == "m"
    assert known.resolve("", "filepath_default") == "raw"
    assert known[EMBEDDED].location == str(tmp_path)
    table[EMBEDDED] = {"protocol": "file", "location": "/y"}
    assert known[EMBEDDED].location == "/y"


def test_unknown_stores_name_the_nearest() -> None:
    known = stores({"main": {"protocol": "file", "location": "/x"}})
    with pytest.raises(UnknownStoreError, match="did you mean 'main'"):
        known["mian"]
    with pytest.raises(UnknownStoreError, match="no default store"):
        known[""]
    with pytest.raises(UnknownStoreError, match="describe it"):
        known["qqqqqqq"]
    with pytest.raises(UnknownStoreError):
        known["default"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "no protocol"),
        ({"protocol": "file"}, "lacks the setting 'location'"),
        ({"protocol": "ftpx", "location": "/x"}, "no store protocol 'ftpx'"),
    ],
)
def test_descriptions_of_no_store(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        stores({"m": spec})["m"]


def test_a_registry_of_ones_own() -> None:
    registry: Registry[Any] = Registry("tests.stores", "store protocol")
    registry.register("mine", LocalStore)
    known = Stores(lambda: {"m": {"protocol": "mine", "location": "/x"}}, registry=registry)
    assert known["m"].location == "/x"


def test_parallel_keeps_order_and_bounds_what_is_under_way(tmp_path: Path) -> None:
    known = stores({}, tmp_path)
    running, most, lock = 0, 0, threading.Lock()

    def slow(n: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.002)
        with lock:
            running -= 1
        return n * n

    assert list(known.parallel(slow, range(100))) == [n * n for n in range(100)]
    assert 1 < most <= 8
    known.close()
    assert list(known.parallel(slow, [3])) == [9]
    known.close()


def test_parallel_inside_parallel_does_not_wait_for_itself(tmp_path: Path) -> None:
    known = stores({}, tmp_path)

    def outer(n: int) -> int:
        return sum(known.parallel(lambda m: m + n, range(3)))

    assert list(known.parallel(outer, range(40))) == [3 + 3 * n for n in range(40)]
    known.close()


def test_an_error_in_parallel_ends_what_was_begun(tmp_path: Path) -> None:
    known = stores({}, tmp_path)
    done: list[int] = []

    def fail(n: int) -> None:
        if n == 3:
            raise RuntimeError("three")
        time.sleep(0.001)
        done.append(n)

    with pytest.raises(RuntimeError, match="three"):
        list(known.parallel(fail, range(1000)))
    count = len(done)
    time.sleep(0.02)
    assert len(done) == count < 100
    known.close()


def test_pickled_with_what_the_settings_say(tmp_path: Path) -> None:
    known = stores({"m": {"protocol": "file", "location": "/x"}}, tmp_path)
    copy = pickle.loads(pickle.dumps(known))
    assert copy["m"].location == "/x"
    assert copy[""].location == str(tmp_path)
