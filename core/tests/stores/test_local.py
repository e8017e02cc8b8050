"""The folder store: what every store does, and what a file system can do to it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from fascicle.errors import StoreError
from fascicle.stores import LocalStore
from fascicle.stores.local import PART
from fascicle.testing.store_suite import StoreSuite


class TestLocalStore(StoreSuite):
    @pytest.fixture
    def store(self, tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
        return LocalStore("main", tmp_path_factory.mktemp("store") / "not" / "yet" / "there")


class TestHastyStore(StoreSuite):
    @pytest.fixture
    def store(self, tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
        return LocalStore("hasty", tmp_path_factory.mktemp("store"), durable=False)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore("main", tmp_path / "store")


def test_a_killed_writer_leaves_debris_and_no_object(store: LocalStore) -> None:
    program = f"""
import os
from fascicle.stores import LocalStore
with LocalStore("main", {str(store.root)!r}).writer("half/written") as stream:
    stream.write(b"x" * (9 << 20))
    stream.flush()
    os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    assert not store.exists("half/written")
    assert not list(store.entries())
    (left,) = store.debris()
    assert left.path.startswith(f"half/{PART}")
    assert left.size >= 9 << 20
    store.remove([left.path])
    assert not list(store.debris())


def test_empty_folders_go_and_the_store_stays(store: LocalStore) -> None:
    store.put("a/b/c", b"")
    store.remove(["a/b/c"])
    assert list(store.root.iterdir()) == []


def test_files_have_the_mode_that_others_may_read(store: LocalStore) -> None:
    before = os.umask(0o022)
    try:
        store.put("x", b"")
    finally:
        os.umask(before)
    assert store.place("x").stat().st_mode & 0o777 == 0o644


def test_a_full_or_forbidden_disk_is_an_error_of_ours(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise OSError(28, "No space left on device")

    store.put("x", b"old")
    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(StoreError, match="No space left") as caught:
        store.put("x", b"new")
    monkeypatch.undo()
    assert caught.value.details["path"] == "x"
    assert store.read("x") == b"old"
    assert not list(store.debris())


def test_a_file_where_a_folder_should_be(store: LocalStore) -> None:
    store.put("a", b"")
    with pytest.raises(StoreError, match="could not be written"):
        store.put("a/b", b"")


def test_mapping(store: LocalStore) -> None:
    store.put("x", b"abc")
    store.put("empty", b"")
    with store.mapped("x") as mapped:
        assert mapped[:] == b"abc"
    with pytest.raises(StoreError, match="empty"):
        store.mapped("empty")


def test_settings() -> None:
    store = LocalStore.from_settings("m", {"location": "~/x", "durable": False})
    assert store.location == str(Path.home() / "x")
    assert not store.durable
    assert pickle.loads(pickle.dumps(store)).location == store.location
