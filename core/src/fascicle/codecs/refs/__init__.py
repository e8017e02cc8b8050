"""References to objects in stores: they know what is there without looking, and read only what is asked for."""

from __future__ import annotations

from fascicle.codecs.refs.base import StoredRef
from fascicle.codecs.refs.npy import NpyRef
from fascicle.codecs.refs.objects import ObjectRef
from fascicle.codecs.refs.zarr import ZarrRef

__all__ = ["NpyRef", "ObjectRef", "StoredRef", "ZarrRef"]
