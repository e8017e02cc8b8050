"""``<npy@store>``: one array as one ``.npy`` file, fetched as a lazy reference."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fascicle.codecs.context import required
from fascicle.codecs.hash import store_only
from fascicle.codecs.protocol import Codec
from fascicle.codecs.refs.npy import NpyRef
from fascicle.codecs.sharing import reused
from fascicle.stores import Store


class NpyCodec(Codec):
    """An array in a store, in the format of ``numpy.save``.

    Given is an array (one of ``numpy.memmap`` is copied piece by piece), the ``pathlib.Path`` of a ``.npy`` file, or
    a reference that was fetched.  Fetched is an `NpyRef`, which knows shape and type and reads only what an index
    asks for.
    """

    name = "npy"
    can_be_staged = True
    extension = ".npy"

    def get_dtype(self, is_store: bool) -> str:
        """``"json"``; only in a store.

        Raises
        ------
        CodecError
            If no store is named.
        """
        if not is_store:
            raise store_only(self.name, "<blob> keeps arrays in the table")
        return "json"

    def validate(self, value: Any) -> None:
        """Refuse what is no array, and arrays of Python objects."""
        _array_of(value)

    def encode(
        self,
        value: Any,
        *,
        key: Mapping[str, Any] | None = None,
        store_name: str | None = None,
        context: Any = None,
    ) -> dict[str, Any]:
        """Write the array and return the row's metadata."""
        from fascicle.codecs.npyformat import header_of, pieces_of
        from fascicle.stores.checksums import Digest

        here = required(context, self.name)
        store = here.store(store_name)
        if isinstance(value, NpyRef) and (shared := reused(value, here, store)):
            return shared
        array = _array_of(value)
        path = here.new_path(store, key, ".npy")
        digest = Digest()
        store.put(path, digest.through(pieces_of(array)))
        fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        return {
            "path": path,
            "store": store.name,
            "dtype": str(array.dtype),
            "shape": list(array.shape),
            "order": "F" if fortran else "C",
            "offset": len(header_of(array)),
            **digest.facts,
        }

    def decode(self, stored: Any, *, key: Mapping[str, Any] | None = None, context: Any = None) -> NpyRef:
        """Return a reference; nothing is read."""
        return NpyRef(stored, required(context, self.name).stores)

    def staged(self, metadata: dict[str, Any], store: Store) -> dict[str, Any]:
        """Read type and shape from the header of the file that was written."""
        from fascicle.codecs.npyformat import read_header

        header = read_header(lambda start, stop: store.read(metadata["path"], start, stop))
        facts = {name: metadata[name] for name in ("path", "store", "size", "hash", "crc32")}
        order = {"order": "F" if header.fortran else "C", "offset": header.offset}
        return {**facts, "dtype": str(header.dtype), "shape": list(header.shape), **order}

    def referenced_paths(self, stored: Any) -> list[tuple[str, str | None]]:
        """The file's path and store."""
        return [(stored["path"], stored.get("store"))]


def _array_of(value: Any) -> Any:
    """Return the array that a value stands for.

    Raises
    ------
    CodecError, TypeError, ValueError
        If it stands for none.
    """
    import numpy as np

    from fascicle.codecs.npyformat import check_dtype

    if isinstance(value, Path):
        if value.suffix != ".npy" or not value.is_file():
            raise ValueError(f"{str(value)!r} is no .npy file")
        value = np.load(value, mmap_mode="r", allow_pickle=False)
    elif isinstance(value, NpyRef):
        value = value.load()
    if not isinstance(value, np.ndarray) or isinstance(value, np.ma.MaskedArray):
        kind = type(value).__name__
        raise TypeError(f"an array is stored here, not a {kind}; numpy.asarray(value) may make one of it")
    check_dtype(value.dtype)
    return value
