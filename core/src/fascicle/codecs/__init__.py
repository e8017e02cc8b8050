"""Serialization: how values that are no plain column values are stored, and found again."""

from __future__ import annotations

from fascicle.codecs.blob import BlobCodec
from fascicle.codecs.chain import CodecChain
from fascicle.codecs.protocol import Codec
from fascicle.codecs.registry import CodecRegistry, default_registry

__all__ = ["BlobCodec", "Codec", "CodecChain", "CodecRegistry", "default_registry"]
