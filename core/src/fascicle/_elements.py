"""Public names of Elements that use the default connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fascicle import _default
from fascicle._public import Schema
from fascicle.element import Element as ExplicitElement
from fascicle.element import Pipeline as ExplicitPipeline

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection


class Element(ExplicitElement):
    __doc__ = ExplicitElement.__doc__

    def _default_connection(self) -> Connection:
        return _default.connection()


class Pipeline(ExplicitPipeline):
    __doc__ = ExplicitPipeline.__doc__

    def _default_connection(self) -> Connection:
        return _default.connection()

    def _make_schema(self) -> Schema:
        return Schema()
