"""Pictures: what can be drawn can be shown, converted and saved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any, Self

from fascicle.diagram.drawing import DiagramGraph
from fascicle.diagram.output import Svg, format_of, show, write
from fascicle.diagram.style import Style


class Picture(ABC):
    """Something with a drawing and a style."""

    _style: Style

    @property
    @abstractmethod
    def drawing(self) -> DiagramGraph:
        """Nodes and edges to draw."""

    @abstractmethod
    def with_style(self, **changes: Any) -> Self:
        """Change direction, theme, grouping or legend of all pictures; see `Style`."""

    def make_svg(self, **style: Any) -> Svg:
        """Draw as SVG.

        Parameters
        ----------
        **style
            Fields of `Style` to change for this picture.

        Returns
        -------
        Svg
            A string that notebooks show.
        """
        from fascicle.diagram.svg import render_svg  # the layout with it: loaded when first drawn

        return Svg(render_svg(self.drawing, self._style.evolve(**style).svg_options()))

    def make_mermaid(self, **style: Any) -> str:
        """Write as a Mermaid flowchart."""
        from fascicle.diagram.mermaid import render_mermaid  # loaded when first drawn

        chosen = self._style.evolve(**style)
        return render_mermaid(self.drawing, theme=chosen.colours, sideways=chosen.sideways)

    def make_dot(self, **style: Any) -> str:
        """Write in Graphviz's DOT language."""
        from fascicle.diagram.dot import render_dot  # loaded when first drawn

        chosen = self._style.evolve(**style)
        return render_dot(self.drawing, theme=chosen.colours, sideways=chosen.sideways, group=chosen.group)

    def make_png(self, scale: float = 2.0, **style: Any) -> BytesIO:
        """Draw as PNG, `scale` pixels per pixel of the SVG.

        Raises
        ------
        FascicleError
            If neither rsvg-convert, CairoSVG nor Graphviz is installed.
        """
        from fascicle.diagram.raster import make_pixels  # starts programs: only where pixels are asked for
        from fascicle.diagram.svg import render_svg

        chosen = self._style.evolve(**style)

        def svg(ruled: bool) -> str:
            return render_svg(self.drawing, chosen.svg_options(ruled=ruled))

        return BytesIO(make_pixels(svg, lambda: self.make_dot(**style), scale=scale))

    def make_image(self, **style: Any) -> Any:
        """Draw into an array of shape (height, width, channels), values from 0 to 1.

        Raises
        ------
        FascicleError
            If matplotlib, or what `make_png` needs, is not installed.
        """
        from fascicle.diagram.raster import png_to_array

        return png_to_array(self.make_png(**style).getvalue())

    @property
    def svg(self) -> Svg:
        """The picture as SVG."""
        return self.make_svg()

    @property
    def mermaid(self) -> str:
        """The picture as a Mermaid flowchart."""
        return self.make_mermaid()

    @property
    def dot(self) -> str:
        """The picture in the DOT language."""
        return self.make_dot()

    def save(
        self,
        path: str | PathLike[str],
        format: str | None = None,  # noqa: A002 (the name that programs pass)
        **style: Any,
    ) -> Path:
        """Write the picture to a file.

        Parameters
        ----------
        path : str or path
            Its ending tells the format: ``.svg``, ``.png``, ``.dot``, ``.gv``, ``.mmd``, ``.mermaid``.
        format : str, optional
            ``svg``, ``png``, ``dot`` or ``mermaid``, whatever the ending.
        **style
            Fields of `Style` to change for this picture.

        Returns
        -------
        Path
            The file written. The same diagram gives the same bytes.

        Raises
        ------
        ConfigError
            If the format cannot be told or is unknown.
        FascicleError
            If the file cannot be written, or nothing installed makes PNG.
        """
        kind = format_of(path, format)
        if kind == "png":
            return write(path, self.make_png(**style).getvalue())
        if kind == "svg":
            # files are compared and kept under version control: no fresh identifiers
            return write(path, self.make_svg(**{"prefix": "diagram", **style}))
        return write(path, self.make_dot(**style) if kind == "dot" else self.make_mermaid(**style))

    def draw(self) -> None:
        """Show the picture in the running notebook, else in a matplotlib window.

        Raises
        ------
        FascicleError
            If there is neither.
        """
        show(self._repr_mimebundle_(), self.make_image)

    def _repr_svg_(self) -> str:
        return str(self.make_svg())

    def _repr_html_(self) -> str:
        # a wide picture scrolls instead of shrinking beyond reading
        return f'<div style="overflow-x:auto">{self.make_svg()}</div>'

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None, **_: Any
    ) -> dict[str, str]:
        bundle = {"image/svg+xml": self._repr_svg_(), "text/plain": repr(self)}
        return {
            kind: value
            for kind, value in bundle.items()
            if (not include or kind in include) and not (exclude and kind in exclude)
        }
