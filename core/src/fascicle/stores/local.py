"""Objects as files in a folder."""

from __future__ import annotations

import mmap
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from fascicle.errors import StoreError
from fascicle.stores.paths import checked_path
from fascicle.stores.protocol import CHUNK_BYTES, Entry, Store, pieces_of

#: Names of files being written; nothing that starts with it is an object.
PART = ".fascicle-part-"
ATTEMPTS = 20


class LocalStore(Store):
    """A folder of files.

    A file is written under another name beside its place, brought to the disk, and renamed: readers see the old
    object or the new one, also after a power failure.

    Parameters
    ----------
    name : str
    location : path
        The folder; made at the first write.
    durable : bool
        Wait until the disk has what was written.  Without it a power failure may undo finished writes.
    """

    protocol: ClassVar[str] = "file"
    is_local: ClassVar[bool] = True

    def __init__(self, name: str, location: str | os.PathLike[str], *, durable: bool = True) -> None:
        super().__init__(name)
        self.root = Path(location).expanduser().absolute()
        self.durable = durable

    @classmethod
    def from_settings(cls, name: str, settings: Mapping[str, Any]) -> LocalStore:
        """Make the store that settings describe: ``location``, and ``durable`` if need be."""
        return cls(name, settings["location"], durable=bool(settings.get("durable", True)))

    @property
    def location(self) -> str:
        """The folder."""
        return str(self.root)

    def place(self, path: str) -> Path:
        """Return where a path's file is.

        Raises
        ------
        UnsafePathError
            If the path would leave the store.
        """
        return self.root / checked_path(path)

    # --- writing -------------------------------------------------------------------------------------------
    def put(self, path: str, data: Any) -> None:
        """Store bytes under a path."""
        with self._replacing(path) as descriptor:
            for piece in pieces_of(data):
                try:
                    _write_all(descriptor, piece)
                except OSError as error:
                    raise self.failed("written", path, error) from error

    @contextmanager
    def writer(self, path: str) -> Iterator[BinaryIO]:
        """Return a context manager that yields a seekable file, put in place when the block ends."""
        with self._replacing(path) as descriptor, os.fdopen(os.dup(descriptor), "w+b", CHUNK_BYTES) as stream:
            yield stream

    def upload(self, path: str, source: Path) -> None:
        """Store the contents of a local file, copied inside the kernel where that can be."""
        with source.open("rb") as stream, self._replacing(path) as descriptor:
            _copy(stream.fileno(), descriptor)

    @contextmanager
    def _replacing(self, path: str) -> Iterator[int]:
        place = self.place(path)
        part = place.with_name(f"{PART}{secrets.token_hex(8)}")
        descriptor = self._create(part, path)
        try:
            try:
                yield descriptor
                self._settle(descriptor, path)
            finally:
                os.close(descriptor)
            self._show(part, place, path)
        finally:
            with suppress(OSError):
                part.unlink()

    def _create(self, part: Path, path: str) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        for _ in range(ATTEMPTS):
            try:
                return os.open(part, flags, 0o644)
            except FileNotFoundError:
                # Nobody made the folder yet, or `remove` took it away again when it was empty.
                self._make_folder(part.parent, path)
            except OSError as error:
                raise self.failed("written", path, error) from error
        raise self.failed("written", path, FileNotFoundError("its folder is removed again and again"))

    def _settle(self, descriptor: int, path: str) -> None:
        if self.durable:
            try:
                os.fsync(descriptor)
            except OSError as error:
                raise self.failed("written", path, error) from error

    def _show(self, part: Path, place: Path, path: str) -> None:
        try:
            part.replace(place)
            if self.durable:
                _sync_folder(place.parent)
        except OSError as error:
            raise self.failed("written", path, error) from error

    def _make_folder(self, folder: Path, path: str) -> None:
        missing = [folder]
        while not missing[-1].parent.exists():
            missing.append(missing[-1].parent)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self.durable:
                for made in reversed(missing):
                    _sync_folder(made.parent)
        except (FileNotFoundError, FileExistsError):
            return  # removed by somebody else meanwhile: the next attempt makes it again
        except OSError as error:
            raise self.failed("written", path, error) from error

    def touch(self, path: str, size: int) -> bool:
        """Set the file's time to now."""
        place = self.place(path)
        try:
            os.utime(place)
            return place.stat().st_size == size
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise self.failed("refreshed", path, error) from error

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files, and folders that are left empty."""
        folders: set[Path] = set()
        for path in paths:
            place = self.place(path)
            try:
                place.unlink()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise self.failed("removed", path, error) from error
            folders.add(place.parent)
        for folder in sorted(folders, key=lambda f: len(f.parts), reverse=True):
            self._prune(folder)

    def _prune(self, folder: Path) -> None:
        while folder != self.root and folder.is_relative_to(self.root):
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent

    # --- reading -------------------------------------------------------------------------------------------
    def read(self, path: str, start: int = 0, stop: int | None = None) -> bytes:
        """Return the bytes of a file, or a range of them."""
        place = self.place(path)
        try:
            with place.open("rb", buffering=0) as stream:
                if start:
                    stream.seek(start)
                return _read_all(stream.fileno(), _length(stream.fileno(), start, stop))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise self.missing(path) from error
        except OSError as error:
            raise self.failed("read", path, error) from error

    def stat(self, path: str) -> Entry:
        """Return size and time of a file."""
        place = self.place(path)
        try:
            found = place.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise self.missing(path) from error
        except OSError as error:
            raise self.failed("found", path, error) from error
        if not place.is_file():
            raise self.missing(path)
        return Entry(path, found.st_size, found.st_mtime)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Go through the files below a folder."""
        return (entry for entry, is_part in self._walk(prefix) if not is_part)

    def debris(self, prefix: str = "") -> Iterator[Entry]:
        """Go through files whose writing was interrupted."""
        return (entry for entry, is_part in self._walk(prefix) if is_part)

    def _walk(self, prefix: str) -> Iterator[tuple[Entry, bool]]:
        top = self.place(prefix) if prefix else self.root
        pending = [(top, prefix)]
        while pending:
            folder, inner = pending.pop()
            try:
                found = list(os.scandir(folder))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise self.failed("listed", inner or ".", error) from error
            for item in found:
                path = f"{inner}/{item.name}" if inner else item.name
                if item.is_dir():
                    pending.append((Path(item.path), path))
                    continue
                with suppress(FileNotFoundError):
                    known = item.stat()
                    yield Entry(path, known.st_size, known.st_mtime), item.name.startswith(PART)

    def open(self, path: str, size: int | None = None) -> BinaryIO:
        """Open the file itself."""
        try:
            return self.place(path).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise self.missing(path) from error
        except OSError as error:
            raise self.failed("opened", path, error) from error

    def local_path(self, path: str) -> str:
        """Return where the file is."""
        return str(self.place(path))

    def mapped(self, path: str) -> mmap.mmap:
        """Map a file into memory, read-only.

        Raises
        ------
        StoreError
            If it is empty, which no system maps.
        """
        with self.open(path) as stream:
            try:
                return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError as error:
                raise StoreError("an empty file cannot be mapped", where=path) from error


def _copy(source: int, target: int) -> None:
    """Copy a file's bytes inside the kernel; by way of memory where that cannot be."""
    try:
        while os.sendfile(target, source, None, CHUNK_BYTES):
            pass
    except OSError:
        os.ftruncate(target, 0)
        os.lseek(target, 0, os.SEEK_SET)
        os.lseek(source, 0, os.SEEK_SET)
        while block := os.read(source, CHUNK_BYTES):
            _write_all(target, block)


def _length(descriptor: int, start: int, stop: int | None) -> int:
    size = os.fstat(descriptor).st_size
    return max(0, min(size if stop is None else stop, size) - start)


def _read_all(descriptor: int, length: int) -> bytes:
    data = os.read(descriptor, length)
    if len(data) == length:
        return data
    parts = [data]
    left = length - len(data)
    while left and parts[-1]:
        parts.append(os.read(descriptor, left))
        left -= len(parts[-1])
    return b"".join(parts)


def _write_all(descriptor: int, piece: Any) -> None:
    view = memoryview(piece).cast("B")
    while len(view):
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
