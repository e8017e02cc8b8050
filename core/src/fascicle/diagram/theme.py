"""Colours. Fills differ in hue and outlines in shape, so that no kind is told by colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fascicle.diagram.drawing import NodeKind
from fascicle.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours of one kind of node."""

    fill: str
    stroke: str
    text: str


@dataclass(frozen=True, slots=True)
class Theme:
    """All colours of a picture; hues of the kinds follow Okabe and Ito's colour-blind safe palette."""

    name: str
    background: str
    frame: str
    group_fill: str
    group_stroke: str
    group_text: str
    edge: str
    renamed: str
    kinds: Mapping[NodeKind, Paint]


LIGHT = Theme(
    name="light",
    background="#ffffff",
    frame="#e3e6ea",
    group_fill="#f5f6f8",
    group_stroke="#e1e4e9",
    group_text="#7b838f",
    edge="#5d6673",
    renamed="#d98200",
    kinds=MappingProxyType(
        {
            NodeKind.MANUAL: Paint("#dcf2e9", "#009e73", "#06402f"),
            NodeKind.LOOKUP: Paint("#eceef1", "#858d99", "#343a43"),
            NodeKind.IMPORTED: Paint("#dcecf8", "#0072b2", "#07395a"),
            NodeKind.COMPUTED: Paint("#fde6d9", "#d55e00", "#5f2a00"),
            NodeKind.PART: Paint("#ffffff", "#b3bac4", "#4a525e"),
            NodeKind.SCHEMA: Paint("#f6e8f0", "#b8608f", "#53213d"),
        }
    ),
)

DARK = Theme(
    name="dark",
    background="#16191e",
    frame="#2b3038",
    group_fill="#1d2127",
    group_stroke="#2e343d",
    group_text="#8c95a3",
    edge="#98a2b0",
    renamed="#f5a832",
    kinds=MappingProxyType(
        {
            NodeKind.MANUAL: Paint("#0f3a2d", "#22b88c", "#d6f5ea"),
            NodeKind.LOOKUP: Paint("#30353d", "#8f98a6", "#e6e9ee"),
            NodeKind.IMPORTED: Paint("#10324b", "#3fa3e0", "#d8edfc"),
            NodeKind.COMPUTED: Paint("#4a260d", "#f0803c", "#ffe6d6"),
            NodeKind.PART: Paint("#1b1f25", "#626b79", "#c3cad4"),
            NodeKind.SCHEMA: Paint("#452238", "#d88ab4", "#fbe3ef"),
        }
    ),
)

THEMES: Mapping[str, Theme] = MappingProxyType({"light": LIGHT, "dark": DARK, "auto": LIGHT})


def theme_of(name: str) -> Theme:
    """Look a theme up by name.

    ``auto`` is the light one: a picture cannot ask a notebook for its colours, and its own
    background makes it readable on any.

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    try:
        return THEMES[name]
    except KeyError:
        raise ConfigError(
            f"there is no diagram theme {name!r}", try_=f"use one of {', '.join(sorted(THEMES))}"
        ) from None
