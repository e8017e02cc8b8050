"""SVG by our own layout: presentation attributes only, its own background, every text escaped."""

from __future__ import annotations

from fascicle.diagram.drawing import DiagramEdge, DiagramGraph, DiagramNode, NodeKind
from fascicle.diagram.layout import Box, Layout, Link, Point, Rect, Route, lay_out
from fascicle.diagram.legend import draw_legend
from fascicle.diagram.outline import SMALL, font_of, label_of, outline, size_of
from fascicle.diagram.style import SvgOptions
from fascicle.diagram.text import clipped, escape, number, text_width

_FONTS = "Helvetica Neue, Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
_CENTRED = 'text-anchor="middle"'
_LEGEND = 420.0  # least width of a picture with a legend, pixels


def plan_layout(graph: DiagramGraph, *, sideways: bool = False, group: bool = True) -> Layout:
    """Lay a diagram out; boxes and routes in the order of its nodes and edges."""
    schemas = graph.schemas
    number_of = {s: i for i, s in enumerate(schemas)} if group and len(schemas) > 1 else {}
    boxes = []
    for node in graph.nodes:
        width, height = size_of(node)
        area = -1 if node.kind is NodeKind.SCHEMA else number_of.get(node.schema, -1)
        boxes.append(Box(width, height, area))
    return lay_out(boxes, _links(graph), sideways=sideways)


def _links(graph: DiagramGraph) -> list[Link]:
    """One link per edge; those of one look that lead to one schema share their way."""
    index = {node.key: i for i, node in enumerate(graph.nodes)}
    schema = {node.key: node.schema for node in graph.nodes}
    lanes: dict[tuple[object, ...], int] = {}
    drawn: dict[tuple[object, ...], int] = {}
    links = []
    for edge in graph.edges:
        look = (edge.primary, edge.one_to_one, edge.renamed)
        twin = drawn.get((edge.parent, edge.child, look), 0)  # a second key of one pair needs its own way
        drawn[edge.parent, edge.child, look] = twin + 1
        lane = lanes.setdefault((look, schema[edge.child], twin), len(lanes))
        links.append(Link(index[edge.parent], index[edge.child], lane))
    return links


def render_svg(graph: DiagramGraph, options: SvgOptions | None = None) -> str:
    """Draw a diagram as a complete SVG document.

    Returns
    -------
    str
        One ``<svg>`` element without style sheets, scripts or outside references.
    """
    chosen = options or SvgOptions()
    layout = plan_layout(graph, sideways=chosen.sideways, group=chosen.group)
    return _Painter(graph, layout, chosen).document()


class _Painter:
    """Writes one document."""

    def __init__(self, graph: DiagramGraph, layout: Layout, options: SvgOptions) -> None:
        self.graph, self.layout, self.options, self.theme = graph, layout, options, options.theme
        self.out: list[str] = []

    def document(self) -> str:
        extent = self.layout.extent
        width, height = max(extent.right, 120.0), max(extent.bottom, 40.0)
        legend: list[str] = []
        if self.options.legend and self.graph.nodes:
            width = max(width, _LEGEND)
            legend, taken = draw_legend(self.graph, self.theme, 16, height - 4, width - 32)
            height += taken + 4
        self._background(width, height)
        self._areas()
        self._edges()
        self._captions()
        for i, (node, rect) in enumerate(zip(self.graph.nodes, self.layout.boxes, strict=True)):
            self._node(i, node, rect)
        if not self.graph.nodes:
            self._text("no tables", (width / 2, height / 2 + 4), SMALL, self.theme.group_text)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(width)}" height="{number(height)}" '
            f'viewBox="0 0 {number(width)} {number(height)}" role="img" '
            f'aria-label="{escape(self._summary())}" font-family="{_FONTS}">'
        )
        return "\n".join([head, *self.out, *legend, "</svg>", ""])

    def _summary(self) -> str:
        nodes, edges = len(self.graph.nodes), len(self.graph.edges)
        return f"Diagram of {nodes} node{'s' * (nodes != 1)} and {edges} reference{'s' * (edges != 1)}"

    def _background(self, width: float, height: float) -> None:
        self.out.append(
            f'<rect x="0.5" y="0.5" width="{number(width - 1)}" height="{number(height - 1)}" rx="8" '
            f'fill="{self.theme.background}" stroke="{self.theme.frame}"/>'
        )

    def _named_areas(self) -> list[tuple[str, Rect]]:
        """Areas of schemas; a collapsed schema has one for the layout only."""
        names = self.graph.schemas
        return [(names[i], rect) for i, rect in sorted(self.layout.groups.items()) if i < len(names)]

    def _areas(self) -> None:
        for _, rect in self._named_areas():
            self.out.append(
                f'<rect x="{number(rect.left)}" y="{number(rect.top)}" width="{number(rect.right - rect.left)}" '
                f'height="{number(rect.bottom - rect.top)}" rx="8" fill="{self.theme.group_fill}" '
                f'stroke="{self.theme.group_stroke}"/>'
            )

    def _captions(self) -> None:
        # Drawn over the lines, on a halo that keeps them readable there: a text of its own, as not
        # every converter knows paint-order.
        halo = f'stroke="{self.theme.group_fill}" stroke-width="4" stroke-linejoin="round"'
        for name, rect in self._named_areas():
            shown = clipped(name, max(int((rect.right - rect.left) / 6), 4))
            at = (rect.left + 9, rect.top + 15)
            self._text(shown, at, SMALL, self.theme.group_fill, f'{halo} aria-hidden="true"')
            self._text(shown, at, SMALL, self.theme.group_text, 'text-anchor="start"')

    def _edges(self) -> None:
        pairs = list(zip(self.graph.edges, self.layout.routes, strict=True))
        # renamed ones last, so that their colour and dots lie on top
        pairs.sort(key=lambda pair: (pair[0].renamed, pair[0].one_to_one))
        self.out.append('<g fill="none">')
        drawn: set[tuple[object, ...]] = set()
        for edge, route in pairs:
            self._edge(edge, route, drawn)
        self.out.append("</g>")

    def _edge(self, edge: DiagramEdge, route: Route, drawn: set[tuple[object, ...]]) -> None:
        colour = self.theme.renamed if edge.renamed else self.theme.edge
        dashes = "" if edge.primary else ' stroke-dasharray="5 4"'
        width = 2.6 if edge.one_to_one else 1.2
        title = f"<title>{escape(edge.tooltip)}</title>" if edge.tooltip else ""
        ends = f'data-parent="{escape(edge.parent)}" data-child="{escape(edge.child)}"'
        path = _path(route, (edge.primary, edge.one_to_one, edge.renamed), drawn)
        self.out.append(
            f'<path d="{path}" stroke="{colour}" stroke-width="{width}"{dashes} {ends}>{title}</path>'
        )
        if edge.renamed:
            x, y = route.mark
            self.out.append(
                f'<circle cx="{number(x)}" cy="{number(y)}" r="4" fill="{colour}" '
                f'stroke="{self.theme.background}">{title}</circle>'
            )

    def _node(self, i: int, node: DiagramNode, rect: Rect) -> None:
        paint = self.theme.kinds[node.kind]
        link = f'<a href="{escape(node.href)}">' if _is_safe(node.href) else ""
        title = f"<title>{escape(node.tooltip)}</title>" if node.tooltip else ""
        key = escape(node.key)
        self.out.append(f'{link}<g id="{escape(self.options.prefix)}-n{i}" data-table="{key}">{title}')
        colours = f'fill="{paint.fill}" stroke="{paint.stroke}" stroke-width="1.3"'
        if node.kind is NodeKind.SCHEMA:
            behind = Rect(rect.left + 4, rect.top - 4, rect.right + 4, rect.bottom - 4)
            self.out.append(f"{outline(node.kind, behind)} {colours}/>")
        self.out.append(f"{outline(node.kind, rect)} {colours}/>")
        x, middle = (rect.left + rect.right) / 2, (rect.top + rect.bottom) / 2
        if node.note:
            middle -= 6.5
            note = clipped(node.note, 40)
            self._text(note, (x, middle + 17), SMALL, paint.text, f'{_CENTRED} opacity="0.75"')
        self._label(node, x, middle + font_of(node) * 0.35, paint.text)
        self.out.append("</g>" + ("</a>" if link else ""))

    def _label(self, node: DiagramNode, x: float, y: float, colour: str) -> None:
        label, size = label_of(node), font_of(node)
        plain = self.options.ruled or not node.distinguished
        self._text(
            label, (x, y), size, colour, _CENTRED if plain else f'{_CENTRED} text-decoration="underline"'
        )
        if plain and node.distinguished:
            half = text_width(label, size) / 2
            way = f"M{number(x - half)} {number(y + 2)}H{number(x + half)}"
            self.out.append(f'<path d="{way}" stroke="{colour}" stroke-width="1"/>')

    def _text(self, text: str, at: Point, size: float, colour: str, extra: str = _CENTRED) -> None:
        self.out.append(
            f'<text x="{number(at[0])}" y="{number(at[1])}" font-size="{number(size)}" fill="{colour}" '
            f"{extra}>{escape(text)}</text>"
        )


def _path(route: Route, look: tuple[bool, ...], drawn: set[tuple[object, ...]]) -> str:
    """Path data of a route without the pieces at its start that an earlier line of that look has drawn.

    Lines that share their way would otherwise lie on one another and look thicker than they are.
    """
    at, text, started = route.start, "", False
    for piece in route.pieces:
        if not started and (look, at, piece) in drawn:
            at = piece[2]
            continue
        if not started:
            text, started = f"M{number(at[0])} {number(at[1])}", True
        drawn.add((look, at, piece))
        text += "C" + " ".join(f"{number(x)} {number(y)}" for x, y in piece)
        at = piece[2]
    return text


def _is_safe(href: str) -> bool:
    """Whether an address can be put on a page: relative, or of the web."""
    scheme, colon, _ = href.strip().partition(":")
    if not href.strip() or any(ord(c) < 32 for c in href):
        return False
    return not colon or scheme.lower() in ("http", "https") or any(c in scheme for c in "/?#")
