"""Pixels from a picture, by whatever converter is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from typing import Any

from fascicle.errors import FascicleError

_TIMEOUT = 60  # seconds


def make_pixels(svg: Callable[[bool], str], dot: Callable[[], str], *, scale: float = 2.0) -> bytes:
    """Turn a picture into PNG.

    The program ``rsvg-convert`` is tried first, then CairoSVG, which both keep our layout, then
    Graphviz, which makes its own from the DOT text.

    Parameters
    ----------
    svg : callable
        Makes the SVG text; its argument says whether underlines must be drawn as lines.
    dot : callable
        Makes the same picture as DOT text.
    scale : float
        Pixels of the image per pixel of the SVG.

    Raises
    ------
    FascicleError
        If no converter is installed, or the one that is fails.
    """
    if program := shutil.which("rsvg-convert"):
        return _run([program, "--zoom", str(scale), "--format", "png"], svg(False))
    cairo = _cairosvg()
    if cairo is not None:
        made: bytes = cairo.svg2png(bytestring=svg(True).encode(), scale=scale)
        return made
    if program := shutil.which("dot"):
        return _run([program, "-Tpng", f"-Gdpi={round(72 * scale)}"], dot())
    raise FascicleError(
        "there is nothing installed that turns a diagram into PNG",
        why="SVG, Mermaid and DOT are written without help; pixels need rsvg-convert, CairoSVG or Graphviz",
        try_="pip install cairosvg, install Graphviz, or save as .svg",
    )


def _cairosvg() -> Any:
    try:
        return import_module("cairosvg")  # optional, and loads a system library that may be missing
    except (ImportError, OSError):
        return None


def _run(command: list[str], text: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 (a program found on the path, the picture on its standard input)
            command, input=text.encode(), capture_output=True, timeout=_TIMEOUT, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        told = getattr(error, "stderr", b"") or str(error).encode()
        raise FascicleError(
            f"{command[0]} could not draw the diagram",
            why=told.decode(errors="replace").strip()[:300],
            try_="pip install cairosvg, or save as .svg",
        ) from error
    return done.stdout


def png_to_array(png: bytes) -> Any:
    """Decode PNG into an array of floats between 0 and 1, shape (height, width, 3 or 4).

    Raises
    ------
    FascicleError
        If matplotlib is not installed.
    """
    try:
        image: Any = import_module("matplotlib.image")  # optional, and slow to import
    except ImportError:
        raise FascicleError(
            "the picture cannot be turned into an array",
            why="matplotlib is not installed",
            try_="pip install matplotlib, or use make_png() or make_svg()",
        ) from None
    return image.imread(BytesIO(png))
