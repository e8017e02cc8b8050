"""How pictures of a diagram look, as chosen by the user."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from fascicle.diagram.theme import LIGHT, Theme, theme_of
from fascicle.errors import ConfigError

_DIRECTIONS = ("TB", "LR")


@dataclass(frozen=True, slots=True)
class SvgOptions:
    """How to draw.

    Parameters
    ----------
    theme : Theme
    sideways : bool
        Parents to the left of children instead of above.
    group : bool
        Draw the tables of each schema within an area of their own, if there are several schemas.
    legend : bool
        Explain shapes and lines below the picture.
    prefix : str
        Begins every ``id``, which must be unique on a page.
    ruled : bool
        Draw underlines as lines, for converters that do not know ``text-decoration``.
    """

    theme: Theme = LIGHT
    sideways: bool = False
    group: bool = True
    legend: bool = False
    prefix: str = "diagram"
    ruled: bool = False


@dataclass(frozen=True, slots=True)
class Style:
    """Choices for all pictures of a diagram.

    Parameters
    ----------
    direction : str
        ``"TB"``, parents above children, or ``"LR"``, parents to the left.
    theme : str
        ``"light"``, ``"dark"``, or ``"auto"`` (light, with a background of its own).
    group : bool
        Draw each schema's tables within an area of their own, if there are several schemas.
    legend : bool
        Explain shapes and lines below the picture.
    prefix : str
        Begins the identifiers within an SVG; a fresh one for each picture if empty.

    Raises
    ------
    ConfigError
        If a value is not one of these.
    """

    direction: str = "TB"
    theme: str = "light"
    group: bool = True
    legend: bool = False
    prefix: str = ""

    def __post_init__(self) -> None:
        if self.direction not in _DIRECTIONS:
            raise ConfigError(
                f"there is no diagram direction {self.direction!r}",
                try_='use "TB" (top to bottom) or "LR" (left to right)',
            )
        theme_of(self.theme)

    def evolve(self, **changes: Any) -> Self:
        """Copy with changes; ``None`` changes nothing.

        Raises
        ------
        ConfigError
            If a name is none of a style's fields, or a value is not allowed.
        """
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise ConfigError(
                    f"a diagram has no setting {name!r}", try_=f"settings are {', '.join(known)}"
                )
        return replace(self, **{name: value for name, value in changes.items() if value is not None})

    @property
    def colours(self) -> Theme:
        """The theme itself."""
        return theme_of(self.theme)

    @property
    def sideways(self) -> bool:
        """Whether parents stand to the left of children."""
        return self.direction == "LR"

    def svg_options(self, *, ruled: bool = False) -> SvgOptions:
        """The same for the SVG renderer, with a prefix that no other picture on a page has."""
        prefix = self.prefix or f"d{secrets.token_hex(4)}"
        return SvgOptions(self.colours, self.sideways, self.group, self.legend, prefix, ruled)
