"""What a collection found and did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass
class GarbageReport(Mapping[str, Any]):
    """Numbers of a collection; also a mapping of them.

    Parameters
    ----------
    dry_run : bool
        Whether nothing was removed.
    hash_paths_referenced, schema_paths_referenced : int
        Objects that rows refer to: those named by content, and those named by their row.
    hash_paths_stored, schema_paths_stored : int
        Objects in the store.
    orphaned_hash_paths, orphaned_schema_paths : list of str
        Objects that no row refers to, old enough to be removed.
    hash_paths_orphaned_bytes, schema_paths_orphaned_bytes : int
    young : int
        Objects without a row that are too new: they may belong to an insert under way.
    debris, debris_bytes : int
        Remains of interrupted writes and collections.
    hash_paths_deleted, schema_paths_deleted : int
    bytes_freed : int
    """

    dry_run: bool
    hash_paths_referenced: int = 0
    hash_paths_stored: int = 0
    hash_paths_orphaned_bytes: int = 0
    orphaned_hash_paths: list[str] = field(default_factory=list)
    hash_paths_deleted: int = 0
    schema_paths_referenced: int = 0
    schema_paths_stored: int = 0
    schema_paths_orphaned_bytes: int = 0
    orphaned_schema_paths: list[str] = field(default_factory=list)
    schema_paths_deleted: int = 0
    young: int = 0
    debris: int = 0
    debris_bytes: int = 0
    bytes_freed: int = 0

    @property
    def hash_paths_orphaned(self) -> int:
        """How many objects named by content no row refers to."""
        return len(self.orphaned_hash_paths)

    @property
    def schema_paths_orphaned(self) -> int:
        """How many objects named by their row no row refers to."""
        return len(self.orphaned_schema_paths)

    @property
    def orphaned_bytes(self) -> int:
        """Bytes of all objects that no row refers to."""
        return self.hash_paths_orphaned_bytes + self.schema_paths_orphaned_bytes

    @property
    def deleted(self) -> int:
        """Objects removed."""
        return self.hash_paths_deleted + self.schema_paths_deleted

    @property
    def errors(self) -> int:
        """Always 0: a collection that meets an error raises it and stops."""
        return 0

    _NAMES: ClassVar[tuple[str, ...]] = (
        "bytes_freed",
        "debris",
        "debris_bytes",
        "deleted",
        "dry_run",
        "errors",
        "hash_paths_deleted",
        "hash_paths_orphaned",
        "hash_paths_orphaned_bytes",
        "hash_paths_referenced",
        "hash_paths_stored",
        "orphaned_bytes",
        "orphaned_hash_paths",
        "orphaned_schema_paths",
        "schema_paths_deleted",
        "schema_paths_orphaned",
        "schema_paths_orphaned_bytes",
        "schema_paths_referenced",
        "schema_paths_stored",
        "young",
    )

    def __getitem__(self, name: str) -> Any:
        if name not in self._NAMES:
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._NAMES)

    def __len__(self) -> int:
        return len(self._NAMES)

    def __str__(self) -> str:
        orphans = self.hash_paths_orphaned + self.schema_paths_orphaned
        stored = self.hash_paths_stored + self.schema_paths_stored
        used = self.hash_paths_referenced + self.schema_paths_referenced
        lines = [
            f"{stored} objects in the store, {used} referred to by rows",
            f"{orphans} without a row, {_bytes(self.orphaned_bytes)}; {self.young} more are too new to tell",
        ]
        if self.debris:
            lines.append(f"{self.debris} remains of interrupted work, {_bytes(self.debris_bytes)}")
        if self.dry_run:
            lines.append("nothing was removed: this was a dry run; collect(dry_run=False) removes them")
        else:
            lines.append(f"{self.deleted} removed, {_bytes(self.bytes_freed)} freed")
        return "\n".join(lines)


def _bytes(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
