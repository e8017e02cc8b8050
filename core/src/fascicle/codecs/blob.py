"""``<blob>``: any value of Python and numpy, in the published blob format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fascicle.codecs.protocol import Codec


class BlobCodec(Codec):
    """Numbers, text, dates, containers and arrays as bytes that every client of the format reads.

    ``<blob>`` keeps the bytes in the table; ``<blob@store>`` hands them to the ``<hash>`` codec, which keeps
    equal blobs once. See :func:`fascicle.codecs.mym.pack` for what can be stored.
    """

    name = "blob"
    uses_row = False

    def get_dtype(self, is_store: bool) -> str:
        """``"bytes"`` in the table, ``"<hash>"`` in a store."""
        return "<hash>" if is_store else "bytes"

    def encode(
        self,
        value: Any,
        *,
        key: Mapping[str, Any] | None = None,
        store_name: str | None = None,
    ) -> bytes:
        """The value as a blob.

        Raises
        ------
        CodecError
            If the format has no place for the value.
        """
        from fascicle.codecs.mym import pack  # numpy loads with it, on first use only

        return pack(value)

    def decode(self, stored: Any, *, key: Mapping[str, Any] | None = None) -> Any:
        """The value in a blob.

        Raises
        ------
        BlobError
            If the bytes are damaged, or no blob.
        """
        from fascicle.codecs.mym import unpack

        return unpack(stored)
