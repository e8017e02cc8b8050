"""What surrounds a value that is encoded or decoded: its place in the database, and the stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fascicle.stores import Layout, Store, Stores


@dataclass(slots=True)
class Journal:
    """What an operation wrote to stores, so that it can be taken back.

    Only objects that nobody else can refer to are noted: those whose path has a random token.
    """

    written: list[tuple[Store, str]] = field(default_factory=list)

    def note(self, store: Store, path: str) -> None:
        """Note an object before it is written (lists bear appends from several threads)."""
        self.written.append((store, path))

    def take_back(self) -> None:
        """Remove what was noted, as far as that goes; the rest is left to garbage collection."""
        from fascicle.errors import StoreError

        written, self.written = self.written, []
        for store, path in written:
            try:
                store.remove([path])
            except StoreError:
                continue


@dataclass(frozen=True, slots=True)
class CodecContext(Mapping[str, Any]):
    """Surroundings of a value; also a mapping of its fields.

    Parameters
    ----------
    stores : Stores
        Stores by name.
    schema, table, attribute : str
        Where the value lives; empty where it is decoded outside of a table.
    downloads : path
        Folder where files arrive that are fetched whole.
    hash_limit : int, optional
        Bytes up to which files of the user's own are hashed.
    journal : Journal
        Notes what is written.
    """

    stores: Stores
    schema: str = ""
    table: str = ""
    attribute: str = ""
    downloads: Path = Path()
    hash_limit: int | None = None
    journal: Journal = field(default_factory=Journal)

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        return getattr(self, name)

    def __contains__(self, name: object) -> bool:
        return any(name == f.name for f in fields(self))

    def __iter__(self) -> Iterator[str]:
        return (f.name for f in fields(self))

    def __len__(self) -> int:
        return len(fields(self))

    def store(self, name: str | None) -> Store:
        """Return a store, the default one for an empty name."""
        return self.stores[self.stores.resolve(name)]

    def layout(self, name: str | None) -> Layout:
        """Return where objects lie in a store."""
        return self.stores.layout(self.stores.resolve(name))

    def new_path(self, store: Store, key: Mapping[str, Any] | None, extension: str = "") -> str:
        """Return a path for a new object of this attribute and a row's key, and note it."""
        layout = self.stores.layout(store.name)
        path = layout.keyed(self.schema, self.table, key or {}, self.attribute, extension)
        self.journal.note(store, path)
        return path

    def in_parallel(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Apply a function to items in several threads; see `Stores.parallel`."""
        return self.stores.parallel(function, items)


def required(context: Any, codec: str) -> CodecContext:
    """Return the context, if it is one.

    Raises
    ------
    CodecError
        If a value that needs a store is encoded or decoded outside of a table.
    """
    if isinstance(context, CodecContext):
        return context
    from fascicle.errors import CodecError

    raise CodecError(
        f"<{codec}> cannot be used without a table",
        why="it keeps values in a store, and only a table's connection knows the stores",
        try_="insert into a table that has the attribute, or pass context=CodecContext(stores=...)",
    )
