"""What every store must do, as tests that a store's author subclasses.

Examples
--------
::

    class TestMyStore(StoreSuite):
        @pytest.fixture
        def store(self):
            with MyStore("main", bucket="scratch") as store:
                yield store
"""

# ruff: noqa: D102, S101, S311 - these are tests, and their names say what they hold
from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fascicle.errors import MissingExternalFile, UnsafePathError
from fascicle.stores import Store

UNSAFE = (
    "",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a//b",
    "a/./b",
    "a\\b",
    "a\0b",
    "a\nb",
    "~root/x",
    "c:/x",
    "x" * 300,
)
NAMES = (
    "a",
    "deep/er/file.bin",
    "k=1/name=a b%2Fc/o_-_x.npy",
    "ünï/çødé",
    "#lookup/__computed/x.tar.gz",
    "a+b/c,d@e",
)


class StoreSuite:
    """Conformance tests of a store.

    A subclass gives the fixture ``store``: an empty store in which the suite may write and remove.
    """

    #: Bytes of an object that goes over several parts.
    large = 20 << 20

    @pytest.fixture
    def store(self) -> Store:
        """An empty store."""
        raise NotImplementedError("a subclass of StoreSuite gives the fixture `store`")

    # --- round trips ---------------------------------------------------------------------------------------
    @pytest.mark.parametrize("path", NAMES)
    def test_what_is_put_is_read(self, store: Store, path: str) -> None:
        data = path.encode() * 100
        store.put(path, data)
        assert store.read(path) == data
        assert store.exists(path)
        entry = store.stat(path)
        assert (entry.path, entry.size) == (path, len(data))
        assert abs(entry.modified - time.time()) < 3600

    def test_empty_objects_are_objects(self, store: Store) -> None:
        store.put("empty", b"")
        assert store.read("empty") == b""
        assert store.stat("empty").size == 0
        with store.open("empty") as stream:
            assert stream.read() == b""

    def test_pieces_make_one_object(self, store: Store) -> None:
        store.put("pieces", (bytes([n]) * n for n in range(200)))
        assert store.read("pieces") == b"".join(bytes([n]) * n for n in range(200))

    def test_an_object_is_replaced(self, store: Store) -> None:
        store.put("again", b"first and long")
        store.put("again", b"second")
        assert store.read("again") == b"second"

    def test_large_objects_in_pieces(self, store: Store) -> None:
        block = random.Random(0).randbytes(1 << 20)
        store.put("large", (block for _ in range(self.large >> 20)))
        assert store.stat("large").size == self.large
        assert store.read("large", (1 << 20) * 9 - 2, (1 << 20) * 9 + 2) == block[-2:] + block[:2]
        found = hashlib.sha256()
        for part in store.blocks("large"):
            found.update(part)
        assert found.digest() == hashlib.sha256(block * (self.large >> 20)).digest()

    def test_writer(self, store: Store) -> None:
        with store.writer("written") as stream:
            for n in range(100):
                stream.write(bytes([n]) * 1000)
            assert not store.exists("written")
        assert store.read("written", 99_000) == bytes([99]) * 1000

    def test_files_both_ways(self, store: Store, tmp_path: Path) -> None:
        source, target = tmp_path / "in.bin", tmp_path / "out.bin"
        source.write_bytes(random.Random(1).randbytes(self.large + 7))
        store.upload("folder/file", source)
        store.download("folder/file", target)
        assert target.read_bytes() == source.read_bytes()
        assert sorted(p.name for p in tmp_path.iterdir()) == ["in.bin", "out.bin"]

    # --- ranges --------------------------------------------------------------------------------------------
    def test_ranges(self, store: Store) -> None:
        data = random.Random(2).randbytes(10_000)
        store.put("ranges", data)
        for start, stop in (
            (0, 10),
            (5, 5),
            (9_990, None),
            (9_990, 20_000),
            (0, None),
            (10_000, None),
            (3, 4),
        ):
            assert store.read("ranges", start, stop) == data[start:stop], (start, stop)

    def test_open_seeks(self, store: Store) -> None:
        data = random.Random(3).randbytes(1 << 20)
        store.put("seek", data)
        with store.open("seek", len(data)) as stream:
            assert stream.read(10) == data[:10]
            stream.seek(-5, 2)
            assert stream.read() == data[-5:]
            stream.seek(500_000)
            assert stream.read(3) == data[500_000:500_003]
            assert stream.tell() == 500_003
            stream.seek(2 << 20)
            assert stream.read(1) == b""

    # --- whole or not at all -------------------------------------------------------------------------------
    def test_a_writer_that_fails_leaves_nothing(self, store: Store) -> None:
        def write_some() -> None:
            with store.writer("broken") as stream:
                stream.write(b"x" * self.large)
                raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            write_some()
        assert not store.exists("broken")
        assert not list(store.entries())

    def test_pieces_that_fail_leave_the_old_object(self, store: Store) -> None:
        def pieces() -> Iterator[bytes]:
            yield b"y" * self.large
            raise RuntimeError("stop")

        store.put("kept", b"old")
        with pytest.raises(RuntimeError, match="stop"):
            store.put("kept", pieces())
        assert store.read("kept") == b"old"

    def test_readers_see_the_old_object_or_the_new_one(self, store: Store) -> None:
        store.put("swap", b"0" * 50_000)
        done = threading.Event()

        def write() -> None:
            for n in range(1, 30):
                store.put("swap", b"%d" % (n % 10) * 50_000)
            done.set()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            while not done.is_set():
                data = store.read("swap")
                assert len(data) == 50_000
                assert len(set(data)) == 1
        finally:
            writer.join()

    def test_several_threads(self, store: Store) -> None:
        def trip(n: int) -> bool:
            store.put(f"threads/{n % 5}/{n}", b"%d" % n * 100)
            return store.read(f"threads/{n % 5}/{n}") == b"%d" % n * 100

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(trip, range(100)))
        assert len(list(store.entries("threads"))) == 100

    def test_folders_vanish_under_writers(self, store: Store) -> None:
        def trip(n: int) -> None:
            store.put(f"shared/deep/{n}", b"x")
            store.remove([f"shared/deep/{n}"])

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(trip, range(200)))
        assert not list(store.entries("shared"))

    # --- listing and removing ------------------------------------------------------------------------------
    def test_entries(self, store: Store) -> None:
        for path in ("a/1", "a/b/2", "ab/3", "c"):
            store.put(path, path.encode())
        assert {e.path: e.size for e in store.entries()} == {"a/1": 3, "a/b/2": 5, "ab/3": 4, "c": 1}
        assert {e.path for e in store.entries("a")} == {"a/1", "a/b/2"}
        assert {e.path for e in store.entries("none")} == set()
        assert store.is_folder("a")
        assert not store.is_folder("c")
        assert not store.exists("a")

    def test_many_entries(self, store: Store) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: store.put(f"many/{n:05}", b""), range(1100)))
        assert [e.path for e in sorted(store.entries("many"), key=lambda e: e.path)] == [
            f"many/{n:05}" for n in range(1100)
        ]
        store.remove(f"many/{n:05}" for n in range(1100))
        assert not list(store.entries())

    def test_removing(self, store: Store) -> None:
        store.put("x/y/z", b"1")
        store.put("x/other", b"2")
        store.remove(["x/y/z", "x/y/none"])
        assert {e.path for e in store.entries()} == {"x/other"}
        store.remove(["x/y/z"])

    def test_touch_makes_new(self, store: Store) -> None:
        store.put("old", b"1234")
        before = store.stat("old").modified
        time.sleep(1.1)
        assert store.touch("old", 4)
        assert store.stat("old").modified > before
        assert store.read("old") == b"1234"
        assert not store.touch("old", 5)
        assert not store.touch("none", 4)

    # --- errors --------------------------------------------------------------------------------------------
    def test_missing_objects(self, store: Store, tmp_path: Path) -> None:
        for action in (store.read, store.stat, store.open):
            with pytest.raises(MissingExternalFile, match="none/at/all"):
                action("none/at/all")
        with pytest.raises(MissingExternalFile):
            store.download("none", tmp_path / "none")
        assert not list(tmp_path.iterdir())
        assert not store.exists("none")

    @pytest.mark.parametrize("path", UNSAFE)
    def test_unsafe_paths(self, store: Store, path: str) -> None:
        for action in (
            lambda: store.put(path, b""),
            lambda: store.read(path),
            lambda: store.stat(path),
            lambda: store.open(path),
            lambda: store.remove([path]),
            lambda: store.touch(path, 1),
            lambda: store.writer(path).__enter__(),
        ):
            with pytest.raises(UnsafePathError):
                action()

    def test_it_tells_where_it_is(self, store: Store) -> None:
        assert store.name in repr(store)
        assert store.location in repr(store)


__all__ = ["StoreSuite"]
