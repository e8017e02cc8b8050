"""Scalars turned into text and bound parameters for one dialect, in the scope of one relation."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from fascicle.errors import CompileError, QueryError
from fascicle.model import Attribute, CoreType
from fascicle.query import families as f
from fascicle.query.functions import FUNCTIONS, Function
from fascicle.query.inference import COMPARISONS, call_type, path_type, shared_type, unary_type, value_type
from fascicle.query.literals import coerce
from fascicle.query.scalar import (
    AnyOf,
    Between,
    Binary,
    Call,
    Case,
    Cast,
    Column,
    Every,
    Exists,
    In,
    IsNull,
    JsonPath,
    KeySet,
    Like,
    Literal,
    Raw,
    Scalar,
    Unary,
)
from fascicle.sql.dialect import Dialect
from fascicle.sql.fragments import Rendered, fill, join

__all__ = ["Rendered", "Renderer", "Scope"]

_GROUP = 100  # terms of one flat AND or OR: parsers limit how deep they nest
_SET = 40  # options from which on a list of literals is a set
_TRUE = Rendered("TRUE", (), f.BOOL)
_FALSE = Rendered("FALSE", (), f.BOOL)
_CANONICAL: dict[str, type] = {
    "int8": int,
    "int16": int,
    "int32": int,
    "int64": int,
    "float64": float,
    "bool": bool,
    "char": str,
    "varchar": str,
    "enum": str,
    "date": dt.date,
    "uuid": uuid.UUID,
    "bytes": bytes,
}


class Scope(Protocol):
    """Where the attributes of a relation are found."""

    def column(self, name: str) -> Rendered:
        """Text of an attribute, with its type."""

    def type_of(self, name: str) -> Attribute:
        """The attribute itself."""

    def exists(self, node: Exists) -> Rendered:
        """Render whether a partner row exists."""


class Renderer:
    """Turns scalars into text.

    Parameters
    ----------
    dialect : Dialect
        Spells what differs.
    scope : Scope
        Knows the attributes.
    """

    __slots__ = ("dialect", "scope")

    def __init__(self, dialect: Dialect, scope: Scope) -> None:
        self.dialect = dialect
        self.scope = scope

    def value(self, node: Scalar) -> Rendered:
        """Render a scalar as a value.

        Raises
        ------
        CompileError
            If the dialect has no form for it, or it is nested too deeply.
        """
        rule = _RULES.get(type(node))
        if rule is None:
            raise CompileError(f"{type(node).__name__} is no scalar node")
        return rule(self, node)

    def condition(self, node: Scalar) -> Rendered:
        """Render a scalar as a condition (of WHERE, HAVING, ON).

        Raises
        ------
        CompileError
            As for `value`.
        """
        try:
            rendered = self._truth(node)
        except RecursionError:
            raise CompileError(
                "the condition is nested too deeply", try_="restrict in several steps"
            ) from None
        return rendered if rendered.type is f.BOOL else rendered.typed(f.BOOL)

    def order_term(self, node: Scalar, descending: bool = False) -> Rendered:
        """Render one term of ORDER BY: NULLs first when ascending, texts by code point."""
        value = self.dialect.sortable(self.value(node))
        return Rendered(self.dialect.order(value.text, descending), value.params, value.type)

    def _truth(self, node: Scalar) -> Rendered:
        if isinstance(node, JsonPath) and node.type is None:
            node = JsonPath(node.operand, node.steps, f.BOOL)
        return self.dialect.truth(self.value(node))

    # leaves ------------------------------------------------------------------------------------------------

    def _column(self, node: Column) -> Rendered:
        return self.scope.column(node.name)

    def _literal(self, node: Literal) -> Rendered:
        value, type_ = node.value, node.type
        if value is None:
            return Rendered(self.dialect.null(type_), (), type_)
        if type_ is None:
            type_ = f.natural_type(value)
        if type_ is not None and type(value) is not _CANONICAL.get(type_.name):
            checked = coerce(value, type_)
            value, type_ = checked.value, checked.type or type_
        if type_ is not None and type_.name == "enum" and value not in type_.args:
            type_ = f.TEXT
        return self.dialect.bound(value, type_)

    def _raw(self, node: Raw) -> Rendered:
        text = node.text
        placeholder = self.dialect.placeholder
        if node.params:
            text = _placeholders(text, placeholder, len(node.params))
        elif "%" in placeholder:
            text = text.replace("%", "%%")
        params = tuple(self.dialect.bind(value, f.natural_type(value)) for value in node.params)
        return Rendered(f"({text})", params, node.type or f.UNKNOWN)

    # operators ---------------------------------------------------------------------------------------------

    def _unary(self, node: Unary) -> Rendered:
        if node.op == "NOT":
            return fill("(NOT {0})", self._truth(node.operand), type_=f.BOOL)
        operand = self.value(node.operand)
        return self.dialect.negative(node.op, operand, value_type(unary_type(node.op, operand.type)))

    def _binary(self, node: Binary) -> Rendered:
        op = node.op
        if op in COMPARISONS:
            return self.dialect.binary(op, *self._sides(node.left, node.right))
        if op == "AND":
            return self._every(Every((node.left, node.right)))
        if op == "OR":
            return self._any_of(AnyOf((node.left, node.right)))
        if op == "XOR":
            return self.dialect.exclusive(self._truth(node.left), self._truth(node.right))
        left, right = self.value(node.left), self.value(node.right)
        return self.dialect.binary(op, left, right)

    def _sides(self, left: Scalar, right: Scalar) -> tuple[Rendered, Rendered]:
        """Render both sides of a comparison; what has no type of its own takes the other's."""
        if _is_free(left) and not _is_free(right):
            second = self.value(right)
            return self._towards(left, second.type), second
        first = self.value(left)
        return first, self._towards(right, first.type)

    def _towards(self, node: Scalar, type_: CoreType | None) -> Rendered:
        if isinstance(node, JsonPath) and node.type is None:
            return self.value(JsonPath(node.operand, node.steps, path_type(type_)))
        if isinstance(node, Literal) and node.type is None and node.value is not None:
            return self._literal(coerce(node.value, type_))
        return self.value(node)

    def _every(self, node: Every) -> Rendered:
        return self._logic([self._truth(term) for term in node.terms], " AND ", _TRUE)

    def _any_of(self, node: AnyOf) -> Rendered:
        return self._logic([self._truth(term) for term in node.terms], " OR ", _FALSE)

    def _logic(self, terms: list[Rendered], word: str, empty: Rendered) -> Rendered:
        if not terms:
            return empty
        while len(terms) > 1:
            terms = [_group(terms[i : i + _GROUP], word) for i in range(0, len(terms), _GROUP)]
        return terms[0]

    def _in(self, node: In) -> Rendered:
        if not node.options:
            return _TRUE if node.negated else _FALSE
        operand, options = self._operand_and(node.operand, node.options)
        if len(options) > _SET and all(isinstance(o, Literal) and o.value is not None for o in options):
            result = self._set((Column(""),), [operand], [(o.value,) for o in options])  # type: ignore[attr-defined]
            return fill("(NOT {0})", result, type_=f.BOOL) if node.negated else result
        rendered = [self._towards(option, operand.type) for option in options]
        common = operand.type
        for option in rendered:
            common = f.common_type(common, option.type)
        listed = join(", ", [self.dialect.comparable(option, common) for option in rendered])
        word = "NOT IN" if node.negated else "IN"
        return fill(f"({{0}} {word} ({{1}}))", self.dialect.comparable(operand, common), listed, type_=f.BOOL)

    def _operand_and(self, operand: Scalar, others: Sequence[Scalar]) -> tuple[Rendered, Sequence[Scalar]]:
        """Render an operand that takes its type from the others if it has none."""
        if not _is_free(operand):
            return self.value(operand), others
        anchor = next((self.value(o) for o in others if not _is_free(o)), None)
        if anchor is None and isinstance(operand, JsonPath):
            first = others[0]
            anchor = Rendered("", (), f.natural_type(first.value) if isinstance(first, Literal) else None)
        return self._towards(operand, None if anchor is None else anchor.type), others

    def _between(self, node: Between) -> Rendered:
        operand, _ = self._operand_and(node.operand, (node.low, node.high))
        low, high = self._towards(node.low, operand.type), self._towards(node.high, operand.type)
        above = self.dialect.binary(">=", operand, low)
        below = self.dialect.binary("<=", operand, high)
        word = "NOT " if node.negated else ""
        return fill(f"({word}({{0}} AND {{1}}))", above, below, type_=f.BOOL)

    def _like(self, node: Like) -> Rendered:
        operand = self.value(node.operand)
        if f.family(operand.type) not in ("text", "native", "null") or operand.type.name == "enum":  # type: ignore[union-attr]
            operand = self.dialect.convert(operand, f.TEXT)
        matched = self.dialect.like(node, operand, self.value(node.pattern))
        return fill("(NOT {0})", matched, type_=f.BOOL) if node.negated else matched

    def _is_null(self, node: IsNull) -> Rendered:
        word = "IS NOT NULL" if node.negated else "IS NULL"
        return fill(f"({{0}} {word})", self.value(node.operand), type_=f.BOOL)

    def _case(self, node: Case) -> Rendered:
        results = [self.value(then) for _, then in node.whens]
        if node.otherwise is not None:
            results.append(self.value(node.otherwise))
        type_ = shared_type([r.type for r in results])
        results = [self.dialect.unified(r, type_) for r in results]
        pieces = [Rendered("CASE")]
        for (when, _), result in zip(node.whens, results, strict=False):
            if node.operand is None:
                test = self._truth(when)
            else:
                test = self.dialect.binary("=", *self._sides(node.operand, when))
            pieces.append(fill("WHEN {0} THEN {1}", test, result))
        if node.otherwise is not None:
            pieces.append(fill("ELSE {0}", results[-1]))
        return fill("({0} END)", join(" ", pieces), type_=type_)

    def _cast(self, node: Cast) -> Rendered:
        if isinstance(node.operand, JsonPath) and node.operand.type is None:
            return self.value(JsonPath(node.operand.operand, node.operand.steps, node.type))
        return self.dialect.cast(node, self.value(node.operand))

    def _json_path(self, node: JsonPath) -> Rendered:
        return self.dialect.json_path(node, self.value(node.operand))

    # calls -------------------------------------------------------------------------------------------------

    def _call(self, node: Call) -> Rendered:
        function = FUNCTIONS.get(node.name)
        if function is None:
            raise CompileError(
                f"there is no function {node.name!r}", try_="use fc.SQL for functions of one database"
            )
        if node.star:
            return Rendered("COUNT(*)", (), f.INT64)
        args = [self._argument(function, i, arg) for i, arg in enumerate(node.args)]
        type_ = value_type(call_type(function, [a.type for a in args], node))
        args = [self._fitted(function.kind(i), arg, type_, args) for i, arg in enumerate(args)]
        if node.name == "group_concat":
            keys = [key for key, _ in node.order_by] or [node.args[0]]
            args = [args[0], *(self.dialect.sortable(self.value(key)) for key in keys)]
        return self.dialect.call(node, args, self).typed(type_)

    def _argument(self, function: Function, position: int, arg: Scalar) -> Rendered:
        kind = function.kind(position)
        if kind in ("unit", "format", "digits"):
            return Rendered("")  # written out, not a value: the dialect reads it from the node
        if kind == "bool":
            return self._truth(arg)
        if kind in ("number", "float", "int"):
            return self._towards(arg, f.FLOAT64) if isinstance(arg, JsonPath) else self.value(arg)
        return self.value(arg)

    def _fitted(self, kind: str, arg: Rendered, type_: CoreType | None, args: list[Rendered]) -> Rendered:
        """Turn a rendered argument into what the function takes."""
        dialect = self.dialect
        if kind == "text":
            return arg if arg.type in (f.TEXT, None) else dialect.convert(arg, f.TEXT)
        if kind in ("float", "int", "bytes"):
            wanted = {"float": f.FLOAT64, "int": f.INT64, "bytes": f.BYTES}[kind]
            return arg if f.family(arg.type) == kind else dialect.convert(arg, wanted)
        if kind == "number":
            return dialect.number(arg)
        if kind == "any":
            return dialect.unified(dialect.sortable(arg), value_type(arg.type))
        if kind == "same":
            return dialect.unified(arg, type_ if type_ != f.BOOL else arg.type)
        return arg

    # sets and relations ------------------------------------------------------------------------------------

    def _key_set(self, node: KeySet) -> Rendered:
        if not node.rows:
            return _FALSE
        if not node.names:
            return _TRUE
        columns = [self.scope.column(name) for name in node.names]
        nullable = [self.scope.type_of(name).nullable for name in node.names]
        terms = []
        for absent, rows in _by_nulls(node.rows).items():
            present = [i for i in range(len(columns)) if i not in absent]
            parts = [fill("({0} IS NULL)", columns[i], type_=f.BOOL) for i in absent]
            # A NULL is unequal to any value, not unknown: the negation must keep the row.
            parts += [fill("({0} IS NOT NULL)", columns[i], type_=f.BOOL) for i in present if nullable[i]]
            if present:
                names = tuple(Column(node.names[i]) for i in present)
                values = [tuple(row[i] for i in present) for row in rows] if absent else rows
                parts.append(self._set(names, [columns[i] for i in present], values))
            terms.append(self._logic(parts, " AND ", _TRUE))
        return self._logic(terms, " OR ", _FALSE)

    def _set(
        self, names: Sequence[Column], columns: list[Rendered], rows: Sequence[tuple[Any, ...]]
    ) -> Rendered:
        checked = _checked_rows(rows, [column.type for column in columns])
        if not checked:
            return _FALSE
        if len(checked) == 1:
            pairs = zip(columns, checked[0], strict=True)
            equal = [self.dialect.binary("=", c, self._literal(Literal(v, c.type))) for c, v in pairs]
            return self._logic(equal, " AND ", _TRUE)
        node = KeySet(tuple(name.name for name in names), tuple(checked))
        return self.dialect.key_set(node, columns, self)

    def _exists(self, node: Exists) -> Rendered:
        return self.scope.exists(node)


def _is_free(node: Scalar) -> bool:
    """Whether a node takes its type from what it stands beside."""
    return (isinstance(node, Literal) and node.type is None) or (
        isinstance(node, JsonPath) and node.type is None
    )


def _group(terms: list[Rendered], word: str) -> Rendered:
    if len(terms) == 1:
        return terms[0]
    joined = join(word, terms)
    return Rendered(f"({joined.text})", joined.params, f.BOOL)


def _by_nulls(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[int, ...], list[tuple[Any, ...]]]:
    """Sort keys by which of their values are NULL."""
    groups: dict[tuple[int, ...], list[tuple[Any, ...]]] = {}
    for row in rows:
        absent = tuple([i for i, value in enumerate(row) if value is None]) if None in row else ()
        groups.setdefault(absent, []).append(row)
    return groups


def _checked_rows(rows: Sequence[tuple[Any, ...]], types: list[CoreType | None]) -> list[tuple[Any, ...]]:
    """Check the values of keys, each against its attribute; keys that can equal no row are left out."""
    columns: list[list[Any]] = []
    lost: set[int] = set()
    for values, type_ in zip(zip(*rows, strict=True), types, strict=True):
        expected = None if type_ is None else _CANONICAL.get(type_.name)
        if expected is not None and set(map(type, values)) == {expected}:
            columns.append(list(values))
            continue
        column = []
        for i, value in enumerate(values):
            literal = coerce(value, type_)
            if literal.value is None or f.family(literal.type) != f.family(type_):
                lost.add(i)
            column.append(literal.value)
        columns.append(column)
    checked = list(zip(*columns, strict=True))
    return [row for i, row in enumerate(checked) if i not in lost] if lost else checked


def _placeholders(text: str, placeholder: str, count: int) -> str:
    """Put the dialect's placeholder for each ``?`` outside quotes."""
    out, quote, found = [], "", 0
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif character == "?":
            found += 1
            out.append(placeholder)
            continue
        out.append("%%" if character == "%" and "%" in placeholder else character)
    if found != count:
        raise QueryError(
            f"the SQL text has {found} placeholders for {count} parameters",
            try_="write one ? for each parameter",
        )
    return "".join(out)


_RULES: dict[type, Callable[[Renderer, Any], Rendered]] = {
    Column: Renderer._column,
    Literal: Renderer._literal,
    Raw: Renderer._raw,
    Unary: Renderer._unary,
    Binary: Renderer._binary,
    Every: Renderer._every,
    AnyOf: Renderer._any_of,
    In: Renderer._in,
    Between: Renderer._between,
    Like: Renderer._like,
    IsNull: Renderer._is_null,
    Case: Renderer._case,
    Cast: Renderer._cast,
    JsonPath: Renderer._json_path,
    Call: Renderer._call,
    KeySet: Renderer._key_set,
    Exists: Renderer._exists,
}
