"""Codecs by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from fascicle.codecs.chain import CodecChain
from fascicle.definition.types import parse_type
from fascicle.errors import CodecError, DefinitionError, PluginError
from fascicle.model import CodecRef, CoreType, nearest

if TYPE_CHECKING:
    from importlib_metadata import EntryPoint

    from fascicle.codecs.protocol import Codec

GROUP: Final = "fascicle.codecs"
#: Packages written for DataJoint offer their codecs here; they are named in errors, never loaded.
FOREIGN_GROUP: Final = "datajoint.codecs"
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*")


class CodecRegistry:
    """Codecs by name: those registered here, those of the base registry, those of installed packages.

    Parameters
    ----------
    base : CodecRegistry, optional
        Where to look further; by default the registry of all codec classes defined in this process.
    """

    def __init__(self, base: CodecRegistry | None = None) -> None:
        self._base = base
        self._classes: dict[str, type[Codec]] = {}
        self._codecs: dict[str, Codec] = {}

    @property
    def base(self) -> CodecRegistry | None:
        """Where names that are not registered here are looked up; None for the default registry."""
        root = default_registry()
        if self is root:
            return None
        return root if self._base is None else self._base

    def register(self, codec: type[Codec]) -> None:
        """Make a codec class known by its name.

        A class of the same module and qualified name replaces the former one: a notebook cell run again.

        Raises
        ------
        CodecError
            If the name is malformed, or another class has it.
        """
        name = codec.name
        if not _NAME.fullmatch(str(name)):
            raise CodecError(
                f"{name!r} cannot name a codec.",
                where=codec.__qualname__,
                try_="lower-case letters, digits, '_' and '-', beginning with a letter.",
            )
        known = self._classes.get(name)
        if known is not None and _place(known) != _place(codec):
            raise CodecError(
                f"Two codecs are named {name!r}.",
                where=_place(codec),
                why=f"{_place(known)} has the name already",
                try_="another name, or default_registry().unregister(name) first.",
            )
        self._classes[name] = codec
        self._codecs.pop(name, None)

    def unregister(self, name: str) -> None:
        """Forget a codec; nothing happens if it is not registered here."""
        self._classes.pop(name, None)
        self._codecs.pop(name, None)

    def get(self, name: str) -> Codec:
        """The codec of a name, loading the package that offers it if need be.

        Raises
        ------
        CodecError
            If there is none.
        PluginError
            If the package that offers it cannot be imported.
        """
        codec = self._find(name)
        if codec is None and (offer := _offers(GROUP).get(name)) is not None:
            codec = default_registry()._loaded(offer)
        if codec is None:
            raise self._unknown(name)
        return codec

    def _find(self, name: str) -> Codec | None:
        codec = self._codecs.get(name)
        if codec is None and name in self._classes:
            codec = self._codecs[name] = self._classes[name]()
        if codec is None and self.base is not None:
            codec = self.base._find(name)
        return codec

    def _loaded(self, offer: EntryPoint) -> Codec:
        package = offer.dist.name if offer.dist is not None else "an installed package"
        try:
            codec = offer.load()
        except (ImportError, AttributeError, CodecError) as err:
            raise PluginError(
                f"Codec <{offer.name}> cannot be loaded.",
                where=f"{package}: {offer.value}",
                why=str(err),
                try_=f"pip install --upgrade {package}, or uninstall it.",
            ) from err
        if getattr(codec, "name", None) != offer.name:
            raise PluginError(
                f"{offer.value} is not a codec named {offer.name!r}.",
                where=package,
                why="its name and that of its entry point must be the same",
                try_=f"report this to the authors of {package}.",
            )
        if offer.name not in self._classes:
            self.register(codec)
        return self._codecs.setdefault(offer.name, self._classes[offer.name]())

    def _unknown(self, name: str) -> CodecError:
        close = nearest(name, self)
        advice = f"did you mean {' or '.join(f'<{other}>' for other in close)}? Else " if close else ""
        foreign = _offers(FOREIGN_GROUP).get(name)
        why = None
        if foreign is not None and foreign.dist is not None:
            why = f"{foreign.dist.name} brings it for DataJoint only"
        return CodecError(
            f"There is no codec <{name}>.",
            why=why,
            try_=f"{advice}install the package that brings it (it registers {name!r} in the entry points "
            f"'{GROUP}'), or define it: class MyCodec(fc.Codec): name = {name!r}.",
        )

    def __contains__(self, name: object) -> bool:
        return name in set(self)

    def __iter__(self) -> Iterator[str]:
        """Names of all codecs that can be had, installed but not yet loaded ones included, sorted."""
        inherited = self.base if self.base is not None else _offers(GROUP)
        return iter(sorted({*self._classes, *inherited}))

    def chain(self, ref: CodecRef) -> CodecChain:
        """The codecs that a definition's ``<name@store>`` stands for, in turn, and the column type.

        Raises
        ------
        CodecError
            If a codec is unknown, cannot be used there, or leads back to itself.
        """
        codecs: list[Codec] = []
        stores: list[str | None] = []
        step: CodecRef | CoreType = ref
        while isinstance(step, CodecRef):
            codec = self.get(step.name)
            if codec in codecs:
                raise CodecError(
                    f"Codec {ref} leads back to itself.",
                    why=" -> ".join(c.name for c in (*codecs, codec)),
                    try_="a get_dtype that ends in a core type.",
                )
            # The store named in the definition goes along to the codecs below that name none.
            store = step.store if step.store is not None or not stores else stores[-1]
            codecs.append(codec)
            stores.append(store)
            step = _parsed(codec, codec.get_dtype(store is not None))
        return CodecChain(ref, tuple(codecs), tuple(stores), step)

    def column_type(self, ref: CodecRef) -> CoreType:
        """Column type in which values of a codec are stored."""
        return self.chain(ref).type

    def encoder(self, ref: CodecRef) -> Callable[..., Any]:
        """Function ``(value, *, key=None, context=None)`` that returns what the column stores."""
        return self.chain(ref).encode

    def decoder(self, ref: CodecRef) -> Callable[..., Any]:
        """Function ``(stored, *, key=None, context=None)`` that returns the value."""
        return self.chain(ref).decode


@cache
def default_registry() -> CodecRegistry:
    """The registry that every codec class enters when it is defined."""
    return CodecRegistry()


def _offers(group: str) -> dict[str, EntryPoint]:
    from importlib_metadata import (
        entry_points,
    )  # scanning packages costs milliseconds that few programs need pay

    return {offer.name: offer for offer in entry_points(group=group)}


def _place(codec: type[Codec]) -> str:
    return f"{codec.__module__}.{codec.__qualname__}"


def _parsed(codec: Codec, dtype: str) -> CoreType | CodecRef:
    try:
        return parse_type(dtype)
    except DefinitionError as err:
        raise CodecError(
            f"Codec <{codec.name}> names a type that is none: {dtype!r}.",
            why=err.what,
            try_="a get_dtype that returns a core type such as 'bytes' or 'json', or '<codec>'.",
        ) from err
