"""The published blob format (mYm and dj0): Python and numpy values to bytes and back."""

from __future__ import annotations

from fascicle.codecs.mym._matlab import MatCell, MatStruct
from fascicle.codecs.mym._pack import pack
from fascicle.codecs.mym._unpack import looks_packed, unpack

__all__ = ["MatCell", "MatStruct", "looks_packed", "pack", "unpack"]
