"""Restriction and projection text, parsed into scalar nodes by operator precedence."""

from __future__ import annotations

from collections.abc import Callable

from fascicle.errors import QueryError
from fascicle.model import Heading
from fascicle.query.families import BOOL, JSON, family
from fascicle.query.inference import COMPARISONS, contains_aggregate
from fascicle.query.operands import Operands
from fascicle.query.pairing import harmonise, harmonise_arithmetic
from fascicle.query.scalar import (
    AnyOf,
    Between,
    Binary,
    Cast,
    Every,
    In,
    IsNull,
    JsonPath,
    Like,
    Literal,
    Scalar,
    Unary,
)
from fascicle.query.tokens import Token, locate, syntax_error

# How tightly each operator binds; the left operand of the tighter one is the nearer.
_OR, _XOR, _AND, _NOT, _COMPARE, _BIT_OR, _BIT_AND, _SHIFT, _ADD, _MULTIPLY = range(1, 11)
_UNARY, _POSTFIX = 12, 14
_POWERS = {
    "OR": _OR,
    "XOR": _XOR,
    "AND": _AND,
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">=", "<=>"), _COMPARE),
    **dict.fromkeys(("IN", "LIKE", "ILIKE", "REGEXP", "RLIKE", "BETWEEN", "IS", "NOT", "SOUNDS"), _COMPARE),
    "|": _BIT_OR,
    "||": _BIT_OR,
    "&": _BIT_AND,
    "<<": _SHIFT,
    ">>": _SHIFT,
    "+": _ADD,
    "-": _ADD,
    **dict.fromkeys(("*", "/", "//", "DIV", "%", "MOD"), _MULTIPLY),
    "^": _UNARY,
    "::": _POSTFIX,
    "->": _POSTFIX,
    "->>": _POSTFIX,
}
_CONDITIONS = (Every, AnyOf, In, Between, Like, IsNull)
_MAX_DEPTH = 80
_MAX_CHAIN = 150
_SHORT = 300  # longer texts hold lists of values: seldom the same twice


def parse_condition(text: str, heading: Heading, *, aggregates: bool = False) -> Scalar:
    """Parse a restriction.

    Parameters
    ----------
    text : str
        E.g. ``"session_date >= '2026-01-01' AND species LIKE 'mus%'"``.
    heading : Heading
        The attributes that it may name.
    aggregates : bool
        Whether aggregate functions may stand in it.

    Returns
    -------
    Scalar
        A node that is true, false or NULL for a row; literals have the type of what they are compared with.

    Raises
    ------
    QuerySyntaxError
        If the text is no expression; says where and what was expected.
    UnknownAttributeError
        If it names what is no attribute; says which are near.
    QueryError
        If values do not fit each other or functions their arguments.
    """
    scalar, aggregate = _understood(text, heading, "condition")
    if aggregate and not aggregates:
        raise QueryError(
            f"the restriction {text!r} counts or sums over rows",
            why="a restriction is asked of one row at a time",
            try_="compute it with aggr, then restrict: A.aggr(B, n='count(*)') & 'n > 3'",
        )
    return scalar


def parse_expression(text: str, heading: Heading, *, aggregates: bool = True) -> Scalar:
    """Parse the expression of a computed attribute; arguments, result and errors as `parse_condition`.

    Returns
    -------
    Scalar
        A node that yields a value for a row, or for a group of rows if it holds aggregate functions.
    """
    scalar, aggregate = _understood(text, heading, "expression")
    if aggregate and not aggregates:
        raise QueryError(
            f"the expression {text!r} counts or sums over rows",
            why="a projection computes from one row at a time",
            try_="use aggr: A.aggr(B, n='count(*)')",
        )
    return scalar


def _understood(text: str, heading: Heading, kind: str) -> tuple[Scalar, bool]:
    """Parse a text once for each heading; return it with whether an aggregate function stands in it."""
    known: tuple[Scalar, bool] | None = heading.understood.get((text, kind))
    if known is not None:
        return known
    parser = Parser(text, heading)
    scalar = parser.whole()
    if kind == "condition":
        scalar = parser.truth(scalar, parser.tokens[0])
    result = scalar, parser.saw_aggregate and contains_aggregate(scalar)
    if len(text) <= _SHORT:
        heading.understand((text, kind), result)
    return result


class Parser(Operands):
    """A parse in progress: operators here, what stands between them in `Operands`."""

    __slots__ = ()

    def whole(self) -> Scalar:
        """Parse the whole text."""
        if self.tokens[0].kind == "end":
            raise syntax_error(self.text, 0, "the text is empty", expected="an expression")
        try:
            scalar = self.expression()
        except RecursionError:
            where = self.tokens[self.at].start
            raise syntax_error(self.text, where, "the expression is nested too deeply") from None
        token = self.tokens[self.at]
        if token.kind != "end":
            raise self.unexpected(token, "an operator or the end")
        return scalar

    def expression(self, floor: int = 0) -> Scalar:
        """Parse an expression whose operators all bind tighter than `floor`."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise syntax_error(self.text, self.tokens[self.at].start, "the expression is nested too deeply")
        first = self.tokens[self.at]
        left = self.prefix(first)
        chained = 0
        while True:
            token = self.tokens[self.at]
            power = _POWERS.get(token.word)
            if power is None or power <= floor:
                break
            chained += 1
            if chained > _MAX_CHAIN:
                raise syntax_error(
                    self.text, token.start, "the expression is too long a chain", advice="split it"
                )
            self.at += 1
            left = _INFIX[token.word](self, left, token, first)
        self.depth -= 1
        return left

    def prefix(self, token: Token) -> Scalar:
        """Parse an operand, with the operators in front of it."""
        word = token.word
        if word == "NOT" and token.kind == "name" and "NOT" not in self.heading:
            self.at += 1
            return Unary("NOT", self.truth(self.expression(_NOT), token))
        if word == "!":
            self.at += 1
            return Unary("NOT", self.truth(self.expression(_UNARY), token))
        if word in ("-", "+", "~"):
            self.at += 1
            return self.signed(token, self.expression(_UNARY))
        return self.operand(token)

    def signed(self, token: Token, operand: Scalar) -> Scalar:
        """Apply a sign; a signed number is a number."""
        if isinstance(operand, Literal) and type(operand.value) in (int, float) and operand.type is None:
            if token.word == "-":
                return Literal(-operand.value)
            if token.word == "+":
                return operand
        node = Unary(token.word, operand)
        self.check(node, token)
        return node

    def truth(self, node: Scalar, token: Token) -> Scalar:
        """Check that a node can be true or false."""
        kind = type(node)
        if kind in _CONDITIONS or (kind is Binary and node.op in COMPARISONS):  # type: ignore[attr-defined]
            return node
        if isinstance(node, JsonPath) and node.type is None:
            return JsonPath(node.operand, node.steps, BOOL)
        type_ = self.check(node, token)
        if family(type_) in ("bool", "int", "float", "decimal", "native", "null"):
            return node
        raise locate(
            QueryError(
                f"a value of type {type_} is neither true nor false", try_="compare it with something"
            ),
            self.text,
            token.start,
        )

    # operators ---------------------------------------------------------------------------------------------

    def _and(self, left: Scalar, token: Token, first: Token) -> Scalar:
        return Every(self._terms(left, first, "AND", _AND))

    def _or(self, left: Scalar, token: Token, first: Token) -> Scalar:
        return AnyOf(self._terms(left, first, "OR", _OR))

    def _terms(self, left: Scalar, first: Token, word: str, power: int) -> tuple[Scalar, ...]:
        # A loop, not a tree: thousands of alternatives are one node.
        terms = [self.truth(left, first)]
        while True:
            start = self.tokens[self.at]
            terms.append(self.truth(self.expression(power), start))
            if self.tokens[self.at].word != word:
                return tuple(terms)
            self.at += 1

    def _xor(self, left: Scalar, token: Token, first: Token) -> Scalar:
        left = self.truth(left, first)
        start = self.tokens[self.at]
        return Binary("XOR", left, self.truth(self.expression(_XOR), start))

    def _compare(self, left: Scalar, token: Token, first: Token) -> Scalar:
        start = self.tokens[self.at]
        if start.word in ("ALL", "ANY", "SOME") and self.tokens[self.at + 1].word == "(":
            raise self.unexpected(start, "a value")
        right = self.expression(_COMPARE)
        self._refuse_chain(right)
        if token.word != "<=>" and _is_null(left, right):
            negative = "IS NOT NULL" if token.word == "!=" else "IS NULL"
            raise syntax_error(
                self.text, token.start, "a comparison with NULL is never true", advice=f"write {negative}"
            )
        try:
            left, right = harmonise(left, right, self.heading)
        except QueryError as error:
            raise locate(error, self.text, self._culprit(left, right, first, start, token)) from None
        return Binary(token.word, left, right)

    def _culprit(self, left: Scalar, right: Scalar, first: Token, start: Token, token: Token) -> int:
        if isinstance(right, Literal):
            return start.start
        return first.start if isinstance(left, Literal) else token.start

    def _refuse_chain(self, right: Scalar) -> None:
        after = self.tokens[self.at]
        if after.kind == "operator" and _POWERS.get(after.word) == _COMPARE and after.word != "NOT":
            if isinstance(right, Binary) and right.op == "||":
                raise syntax_error(
                    self.text, after.start, "|| joins texts here", advice="for alternatives write OR"
                )
            raise syntax_error(
                self.text,
                after.start,
                "comparisons do not chain",
                advice="join them: 1 < x AND x < 5, or write x BETWEEN 1 AND 5",
            )

    def _arithmetic(self, left: Scalar, token: Token, first: Token) -> Scalar:
        op = {"DIV": "//", "MOD": "%"}.get(token.word, token.word)
        if op in ("+", "-") and self.tokens[self.at].word == "INTERVAL":
            following = self.tokens[self.at + 1]
            if following.kind in ("number", "text", "name", "double") or following.word in ("(", "-", "+"):
                return self.shifted(left, op, token)
        right = self.expression(_POWERS[token.word])
        node: Scalar = Binary(op, *harmonise_arithmetic(op, left, right, self.heading))
        self.check(node, token)
        return node

    def _concatenate(self, left: Scalar, token: Token, first: Token) -> Scalar:
        right = self.expression(_BIT_OR)
        for side, start in ((left, first), (right, token)):
            if type(side) in _CONDITIONS or (isinstance(side, Binary) and side.op in COMPARISONS):
                raise syntax_error(
                    self.text, start.start, "|| joins texts, and this is a condition", advice="write OR"
                )
        return Binary("||", left, right)

    def _power(self, left: Scalar, token: Token, first: Token) -> Scalar:
        raise syntax_error(
            self.text,
            token.start,
            "the operator ^ means different things in different databases",
            advice="write power(x, y)",
        )

    def _cast(self, left: Scalar, token: Token, first: Token) -> Scalar:
        return Cast(left, self.type_name())

    def _arrow(self, left: Scalar, token: Token, first: Token) -> Scalar:
        steps = self.arrow_steps(self.tokens[self.at])
        self.at += 1
        type_ = None if token.word == "->>" else JSON
        if isinstance(left, JsonPath) and left.type == JSON:
            return JsonPath(left.operand, left.steps + steps, type_)
        self.require_json(left, first)
        return JsonPath(left, steps, type_)

    # predicates --------------------------------------------------------------------------------------------

    def _negated(self, left: Scalar, token: Token, first: Token) -> Scalar:
        after = self.tokens[self.at]
        rule = _NEGATABLE.get(after.word)
        if rule is None:
            raise self.unexpected(after, "IN, LIKE, ILIKE, REGEXP or BETWEEN after NOT")
        self.at += 1
        return rule(self, left, after, first, True)

    def _in(self, left: Scalar, token: Token, first: Token, negated: bool = False) -> Scalar:
        opening = self.expect("(", "( and a list")
        if self.tokens[self.at].word == "SELECT":
            raise syntax_error(
                self.text,
                self.tokens[self.at].start,
                "a query inside text is not understood",
                advice="restrict by the query itself: A & B, or use fc.SQL",
            )
        options = [] if self.accept(")") else self.arguments(")")
        try:
            left, options = _alike(left, options, self.heading)
        except QueryError as error:
            raise locate(error, self.text, opening.start) from None
        return In(left, tuple(options), negated)

    def _between(self, left: Scalar, token: Token, first: Token, negated: bool = False) -> Scalar:
        start = self.tokens[self.at]
        low = self.expression(_COMPARE)
        self.expect("AND", "AND and the upper end")
        high = self.expression(_COMPARE)
        try:
            left, ends = _alike(left, [low, high], self.heading)
        except QueryError as error:
            raise locate(error, self.text, start.start) from None
        return Between(left, ends[0], ends[1], negated)

    def _like(self, left: Scalar, token: Token, first: Token, negated: bool = False) -> Scalar:
        start = self.tokens[self.at]
        pattern = self.expression(_COMPARE)
        if family(self.check(pattern, start)) not in ("text", "native", "null"):
            raise syntax_error(self.text, start.start, "a pattern is text", expected="text in quotes")
        self.check(left, first)
        regexp = token.word in ("REGEXP", "RLIKE")
        if regexp and isinstance(pattern, Literal):
            self._check_regexp(str(pattern.value), start)
        escape = None
        if not regexp and self.accept("ESCAPE"):
            given = self.tokens[self.at]
            self.at += 1
            if given.kind not in ("text", "double") or len(given.value) != 1:
                raise self.unexpected(given, "one character in quotes")
            escape = given.value
        return Like(left, pattern, negated, token.word == "ILIKE", regexp, escape)

    def _check_regexp(self, pattern: str, token: Token) -> None:
        import re  # its compiler, for the few restrictions that use one

        try:
            re.compile(pattern)
        except re.error as error:
            raise syntax_error(
                self.text, token.start, f"the regular expression {pattern!r} is not well formed: {error}"
            ) from None

    def _is(self, left: Scalar, token: Token, first: Token) -> Scalar:
        negated = self.accept("NOT")
        word = self.tokens[self.at]
        self.at += 1
        if word.word == "NULL":
            return IsNull(left, negated)
        if word.word in ("TRUE", "FALSE"):
            # IS TRUE never yields NULL: an unknown is not true.
            node: Scalar = Every((self.truth(left, first), IsNull(left, True)))
            if word.word == "FALSE":
                node = Every((Unary("NOT", self.truth(left, first)), IsNull(left, True)))
            return Unary("NOT", node) if negated else node
        if word.word == "DISTINCT" and self.accept("FROM"):
            same = self._compare(left, word._replace(word="<=>"), first)
            return same if negated else Unary("NOT", same)
        raise self.unexpected(word, "NULL, NOT NULL, TRUE or FALSE")

    def _sounds(self, left: Scalar, token: Token, first: Token) -> Scalar:
        raise self.unexpected(token, "a portable operator")


def _is_null(left: Scalar, right: Scalar) -> bool:
    return (type(left) is Literal and left.value is None) or (type(right) is Literal and right.value is None)


def _alike(left: Scalar, others: list[Scalar], heading: Heading) -> tuple[Scalar, list[Scalar]]:
    """Give literals the type of what they are compared with, one by one."""
    if isinstance(left, JsonPath) and left.type is None and others:
        left = harmonise(left, others[0], heading)[0]
    result = []
    for other in others:
        new_left, new = harmonise(left, other, heading)
        if isinstance(left, Literal) and not isinstance(other, Literal):
            left = new_left
        result.append(new)
    return left, result


_Infix = Callable[[Parser, Scalar, Token, Token], Scalar]
_INFIX: dict[str, _Infix] = {
    "AND": Parser._and,
    "OR": Parser._or,
    "XOR": Parser._xor,
    **dict.fromkeys(COMPARISONS, Parser._compare),
    **dict.fromkeys(("+", "-", "*", "/", "//", "DIV", "%", "MOD", "|", "&", "<<", ">>"), Parser._arithmetic),
    "||": Parser._concatenate,
    "^": Parser._power,
    "::": Parser._cast,
    "->": Parser._arrow,
    "->>": Parser._arrow,
    "NOT": Parser._negated,
    "IN": Parser._in,
    "BETWEEN": Parser._between,
    **dict.fromkeys(("LIKE", "ILIKE", "REGEXP", "RLIKE"), Parser._like),
    "IS": Parser._is,
    "SOUNDS": Parser._sounds,
}
_NEGATABLE: dict[str, Callable[[Parser, Scalar, Token, Token, bool], Scalar]] = {
    "IN": Parser._in,
    "BETWEEN": Parser._between,
    **dict.fromkeys(("LIKE", "ILIKE", "REGEXP", "RLIKE"), Parser._like),
}
