"""Write the tables of functions into docs/reference/expressions.md: ``python -m tests.docs.expressions_page``."""

from fascicle.query.functions import FUNCTIONS
from tests.architecture.tree import ROOT

PAGE = ROOT / "docs" / "reference" / "expressions.md"
START, END = "<!-- functions: written by tests/docs/expressions_page.py -->\n", "<!-- end -->\n"


def signature(function):
    """Return how a function is called, optional arguments in brackets."""
    args = [kind for kind in function.args if kind not in ("same", "any")]
    names = iter("abc")
    shown = [next(names) if kind in ("same", "any") else kind for kind in function.args]
    if function.name == "date_add":
        shown = ["moment", "INTERVAL n unit"]
    needed, optional = shown[: function.fewest], shown[function.fewest :]
    text = (
        ", ".join(needed)
        + "".join(f"[, {name}]" for name in optional)
        + (", ..." if function.variadic else "")
    )
    return f"`{function.name}({text})`" if args or shown else f"`{function.name}()`"


def table(functions):
    """Return the rows of one table."""
    lines = ["| function | other names | result | meaning |", "|---|---|---|---|"]
    for function in functions:
        others = ", ".join(f"`{name}`" for name in function.aliases)
        result = RESULTS.get(function.result, function.result)
        lines.append(f"| {signature(function)} | {others} | {result} | {function.meaning} |")
    return "\n".join(lines) + "\n"


RESULTS = {
    "int": "int64",
    "float": "float64",
    "same": "common type",
    "first": "as the argument",
    "first_number": "as the argument",
    "rounded": "as the argument",
    "whole": "whole of the same kind",
    "modulo": "as `%`",
    "total": "int64, decimal or float64",
    "shifted": "date or datetime",
    "datetime6": "datetime(6)",
}


def section():
    """Return everything between the two marks."""
    plain = [f for f in FUNCTIONS.values() if not f.aggregate]
    groups = [f for f in FUNCTIONS.values() if f.aggregate]
    intro = (
        "Each of these takes a group of rows, in `aggr`; all but `count(*)` leave NULLs out, and all take `DISTINCT`.\n"
        "`group_concat(x ORDER BY y DESC SEPARATOR '; ')` joins in an order; without one, in that of the values.\n"
    )
    return f"\n{table(plain)}\n## Functions of many rows\n\n{intro}\n{table(groups)}\n"


def written(text):
    """Return the page's text with the tables as they should be."""
    head, _, rest = text.partition(START)
    _, _, tail = rest.partition(END)
    return head + START + section() + END + tail


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
