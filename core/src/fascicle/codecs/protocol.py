"""The class that every codec derives from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from fascicle.codecs.registry import default_registry

if TYPE_CHECKING:
    from fascicle.stores import Store


class Codec(ABC):
    """Turns values of one kind into what a column or another codec stores, and back.

    A subclass with a `name` of its own can be written in definitions from then on, as ``<name>`` (kept in the
    table), ``<name@>`` (default store) or ``<name@store>``::

        class GraphCodec(fc.Codec):
            name = "graph"

            def get_dtype(self, is_store):
                return "<blob>"

            def encode(self, value, *, key=None, store_name=None):
                return {"nodes": list(value.nodes), "edges": list(value.edges)}

            def decode(self, stored, *, key=None):
                return networkx.Graph(stored["edges"])

    A package offers its codecs by entry points of the group ``fascicle.codecs``. ``class Base(fc.Codec,
    register=False)`` is not registered; neither is a subclass that inherits its name.
    Codecs are made without arguments, once in a registry, and used by several threads: they keep no state.

    Raises
    ------
    CodecError
        When a class is defined whose name is malformed or taken.
    """

    #: Name in definitions: lower-case letters, digits, ``_`` and ``-``.
    name: ClassVar[str]
    #: Whether `encode` looks at `key` or ``context``; without it a column is encoded faster.
    uses_row: ClassVar[bool] = True
    #: Whether `decode` moves whole objects out of a store, which a fetch then does for several rows at once.
    reads_objects: ClassVar[bool] = False
    #: Whether `Table.staged_insert1` may write values of this codec in place.
    can_be_staged: ClassVar[bool] = False
    #: Extension of the paths of objects, where the codec has one of its own.
    extension: ClassVar[str] = ""

    def __init_subclass__(cls, *, register: bool = True, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if register and "name" in cls.__dict__:
            default_registry().register(cls)

    @abstractmethod
    def get_dtype(self, is_store: bool) -> str:
        """The type that holds what `encode` returns.

        Parameters
        ----------
        is_store : bool
            Whether the definition names a store.

        Returns
        -------
        str
            A core type such as ``"bytes"`` or ``"json"``, or another codec, ``"<blob>"``, which then encodes
            the result further. The store goes on to the next codec.

        Raises
        ------
        CodecError
            If values of this codec cannot be kept there.
        """

    @abstractmethod
    def encode(
        self, value: Any, *, key: Mapping[str, Any] | None = None, store_name: str | None = None
    ) -> Any:
        """What to store for a value.

        Parameters
        ----------
        value
            Never None: a missing value is NULL.
        key : mapping, optional
            Primary key of the row.
        store_name : str, optional
            None if kept in the table, ``""`` for the default store, else the name of the store.

        Notes
        -----
        A codec may take a further keyword, ``context``: a mapping of what surrounds the value (schema, table,
        attribute, ...). It is passed to codecs whose signature has it.
        """

    @abstractmethod
    def decode(self, stored: Any, *, key: Mapping[str, Any] | None = None) -> Any:
        """The value, or a lazy reference to it, for what `encode` returned."""

    def validate(self, value: Any) -> None:  # noqa: B027  (most codecs check while they encode)
        """Check a value before it is encoded.

        Raises
        ------
        CodecError, TypeError, ValueError
            If the value is not of the kind that this codec stores. By default nothing is checked.
        """

    def staged(self, metadata: dict[str, Any], store: Store) -> dict[str, Any]:
        """Complete the metadata of an object that was written in place.

        Parameters
        ----------
        metadata : dict
            ``path``, ``store``, ``size``, ``is_dir`` and what is known besides.
        store : Store
            Where the object is.

        Raises
        ------
        CodecError
            If the object is none of this codec's.
        """
        return metadata

    def referenced_paths(self, stored: Any) -> list[tuple[str, str | None]]:
        """Objects outside the database that a stored value points at.

        Returns
        -------
        list of (path, store name)
            By default none. A codec that writes objects must tell, or garbage collection would remove them.
        """
        return []

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {getattr(self, 'name', 'unnamed')!r}>"
