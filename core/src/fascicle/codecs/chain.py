"""What a codec named in a definition amounts to: the codecs to run in turn, and the column at the end."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fascicle.errors import CodecError
from fascicle.model import CodecRef, CoreType

if TYPE_CHECKING:
    from fascicle.codecs.protocol import Codec

Key = Mapping[str, Any] | None


@dataclass(frozen=True)
class CodecChain:
    """Codecs in the order of encoding, and where their result is kept.

    Parameters
    ----------
    ref : CodecRef
        What the definition says.
    codecs : tuple of Codec
        Outermost first: the first one meets the user's value.
    stores : tuple of (str or None)
        Store that each codec is given.
    type : CoreType
        Column type of the last result.
    """

    ref: CodecRef
    codecs: tuple[Codec, ...]
    stores: tuple[str | None, ...]
    type: CoreType

    @property
    def in_store(self) -> bool:
        """Whether values are kept in a store."""
        return any(store is not None for store in self.stores)

    @cached_property
    def uses_row(self) -> bool:
        """Whether encoding needs the row's key or its surroundings."""
        return self.in_store or any(codec.uses_row for codec in self.codecs)

    @cached_property
    def reads_objects(self) -> bool:
        """Whether decoding moves whole objects out of a store."""
        return self.in_store and any(codec.reads_objects for codec in self.codecs)

    def validate(self, value: Any) -> None:
        """Check a value as far as that goes without encoding it.

        Raises
        ------
        CodecError
            If the outermost codec refuses the value.
        """
        codec = self.codecs[0]
        try:
            codec.validate(value)
        except (TypeError, ValueError) as err:
            raise _refused(codec, err) from err

    @cached_property
    def _encoders(self) -> tuple[tuple[Codec, str | None, bool], ...]:
        pairs = zip(self.codecs, self.stores, strict=True)
        return tuple((codec, store, _takes_context(codec.encode)) for codec, store in pairs)

    @cached_property
    def _decoders(self) -> tuple[tuple[Codec, bool], ...]:
        return tuple((codec, _takes_context(codec.decode)) for codec in reversed(self.codecs))

    def encode(self, value: Any, *, key: Key = None, context: Mapping[str, Any] | None = None) -> Any:
        """What the column stores for a value; None stays None.

        Raises
        ------
        CodecError
            If a codec refuses the value.
        """
        if value is None:
            return None
        for codec, store, takes_context in self._encoders:
            extra = {"context": context} if takes_context else {}
            try:
                codec.validate(value)
                value = codec.encode(value, key=key, store_name=store, **extra)
            except (TypeError, ValueError) as err:
                raise _refused(codec, err) from err
        return value

    def decode(self, stored: Any, *, key: Key = None, context: Mapping[str, Any] | None = None) -> Any:
        """The value for what the column stores; None stays None."""
        if stored is None:
            return None
        for codec, takes_context in self._decoders:
            extra = {"context": context} if takes_context else {}
            stored = codec.decode(stored, key=key, **extra)
        return stored

    def referenced_paths(self, stored: Any) -> list[tuple[str, str | None]]:
        """Objects in stores that a stored column value points at, whichever codec of the chain owns them."""
        return [] if stored is None else self.codecs[-1].referenced_paths(stored)


def _takes_context(method: Callable[..., Any]) -> bool:
    parameters = inspect.signature(method).parameters.values()
    return any(p.name == "context" or p.kind is p.VAR_KEYWORD for p in parameters)


def _refused(codec: Codec, err: Exception) -> CodecError:
    return CodecError(
        f"Codec <{codec.name}> cannot store the value.",
        why=str(err) or type(err).__name__,
        try_="a value of the kind that the codec stores, or another codec for this attribute.",
    )
