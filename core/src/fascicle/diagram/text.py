"""How wide a text will be, told without fonts, and how it is made safe inside XML."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import combining, east_asian_width

# Widths in thousandths of the font size, upper ends of the usual sans-serif faces.
_CLASSES = (
    (300, "'ijl|!,.:;It "),
    (370, 'f()[]/\\-`r"{}'),
    (450, "*^"),
    (540, "Jcksxvzy"),
    (590, "?L_abdeghnopqu#$0123456789+<=>~"),
    (640, "FTZPESVXYAKB"),
    (740, "&CDHNRUwGOQ"),
    (880, "Mm%"),
    (1000, "W@"),
)
_WIDTHS = {char: width for width, chars in _CLASSES for char in chars}
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@lru_cache(maxsize=4096)
def text_width(text: str, size: float) -> float:
    """Width of `text` in pixels at a font size in pixels, rather too wide than too narrow."""
    return sum(_char_width(char) for char in text) * size / 1000


def _char_width(char: str) -> int:
    known = _WIDTHS.get(char)
    if known is not None:
        return known
    if combining(char):
        return 0
    return 1000 if east_asian_width(char) in "WF" else 640


def printable(text: str) -> str:
    """Put the replacement character for those that XML cannot hold at all."""
    return _FORBIDDEN.sub("\ufffd", text)


def escape(text: str) -> str:
    """Make `text` harmless in XML content and in attributes in double quotes."""
    clean = printable(text)
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        clean = clean.replace(plain, entity)
    return clean


def number(value: float) -> str:
    """Write a coordinate briefly, to a tenth of a pixel."""
    short = f"{value:.1f}".removesuffix(".0")
    return "0" if short == "-0" else short


def clipped(text: str, limit: int) -> str:
    """Cut `text` to `limit` characters, the last an ellipsis where something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"
