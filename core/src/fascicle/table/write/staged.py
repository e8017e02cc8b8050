"""Inserting a row whose large objects are written straight to their place."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from fascicle.codecs.context import Journal
from fascicle.codecs.staging import Place, Staged, StagedMap
from fascicle.errors import CodecError, MissingAttributeError
from fascicle.model import unknown_attribute
from fascicle.table.runtime import runtime_of
from fascicle.table.storage import context_of
from fascicle.table.write.objects import is_undone, take_back_on_rollback

if TYPE_CHECKING:
    from fascicle.table.base import Table


class StagedInsert:
    """A row in the making; a context manager that inserts it when its block ends without an error.

    ``rec`` takes the plain values, the primary key first.  `path`, `open`, `store` and `zarr` give places to
    write the objects of attributes to.  Left by an exception, the block inserts nothing and removes what was
    written.

    Examples
    --------
    ::

        with Recording.staged_insert1 as staged:
            staged.rec.update(key, rate_hz=30_000)
            with h5py.File(staged.path("raw", ".h5"), "w") as file:
                file["traces"] = traces
    """

    def __init__(self, table: Table) -> None:
        self.rec: dict[str, Any] = {}
        self._table = table
        self._places: dict[str, Place] = {}
        self._journal = Journal()
        self._spool: tempfile.TemporaryDirectory[str] | None = None

    # --- places to write to --------------------------------------------------------------------------------
    def path(self, field: str, ext: str = "") -> Path:
        """Return a path on this machine where to write a file, or make a folder, for an attribute.

        In a local store it is the object's own place; else a temporary one, from where it goes to the store when
        the block ends.
        """
        return self._place(field, ext).local()

    def open(self, field: str, ext: str = "", mode: str = "wb") -> IO[Any]:
        """Open the file of an attribute for writing, with seeks; closed at the end of the block at the latest."""
        return self._place(field, ext).open(mode)

    def store(self, field: str, ext: str = "") -> StagedMap:
        """Return a mapping of names to bytes that writes the files of a folder straight to the store."""
        return self._place(field, ext).mapping()

    def zarr(self, field: str, ext: str = ".zarr") -> Any:
        """Return what ``zarr.open`` and its like take as a store, in versions 2 and 3 of zarr."""
        from fascicle.codecs.zarrstore import as_zarr_store

        place = self._place(field, ext)
        return str(place.local()) if place.store.is_local else as_zarr_store(place.mapping())

    def _place(self, field: str, ext: str) -> Place:
        if field in self._places:
            return self._places[field]
        spec = self._table.table_spec
        if field not in spec.heading:
            raise unknown_attribute(field, spec.heading.names, where=spec.name.class_name)
        attribute = spec.heading[field]
        chain = runtime_of(self._table.connection).codecs.chain(attribute.codec) if attribute.codec else None
        if chain is None or not chain.codecs[0].can_be_staged:
            raise CodecError(
                f"{field!r} cannot be written in place",
                where=spec.name.class_name,
                why=f"its type is {attribute.declared}",
                try_="an attribute of type <object@store>, <zarr@store> or <npy@store>; else put the value into rec",
            )
        missing = [name for name in spec.heading.primary_key if self.rec.get(name) is None]
        if missing:
            raise MissingAttributeError(
                f"the primary key comes first; missing in rec: {', '.join(missing)}",
                where=spec.name.class_name,
            )
        here = context_of(self._table.connection, spec, field, self._journal)
        store = here.store(chain.stores[0])
        key = {name: self.rec[name] for name in spec.heading.primary_key}
        ext = ext or chain.codecs[0].extension
        place = Place(here, store, here.new_path(store, key, ext), ext, self._folder)
        self._places[field] = place
        return place

    def _folder(self) -> Path:
        if self._spool is None:
            self._spool = tempfile.TemporaryDirectory(prefix="fascicle-staged-")
        return Path(self._spool.name)

    # --- life ----------------------------------------------------------------------------------------------
    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._finish()
            else:
                self._abandon()
        finally:
            if self._spool is not None:
                self._spool.cleanup()

    def _finish(self) -> None:
        connection = self._table.connection
        try:
            row = dict(self.rec)
            for field, place in self._places.items():
                codec = runtime_of(connection).codecs.chain(self._codec(field)).codecs[0]
                row[field] = Staged(codec.staged(place.finish(), place.store))
            self._table.insert1(row)
        except BaseException as failure:
            if is_undone(connection, failure):
                self._abandon()
            raise
        take_back_on_rollback(connection, self._abandon)

    def _codec(self, field: str) -> Any:
        return self._table.table_spec.heading[field].codec

    def _abandon(self) -> None:
        for place in self._places.values():
            place.abandon()
        self._journal.take_back()
