"""What stands between operators: literals, attributes, JSON paths, CASE, CAST, brackets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from fascicle.errors import QueryError, UnknownAttributeError
from fascicle.model import CoreType, unknown_attribute
from fascicle.query.calls import Calls
from fascicle.query.families import BYTES, DATE, JSON, TIME, datetime_type
from fascicle.query.functions import BY_SPELLING
from fascicle.query.inference import literal_digits
from fascicle.query.literals import coerce, parse_moment
from fascicle.query.paths import Steps, parse_dollar
from fascicle.query.scalar import Call, Case, Cast, Column, JsonPath, Literal, Scalar
from fascicle.query.tokens import Token, locate, point, syntax_error

_CONSTANTS = {"TRUE": True, "FALSE": False, "NULL": None}
_NO_ARGUMENTS = frozenset(
    {"CURRENT_TIMESTAMP", "CURRENT_DATE", "LOCALTIMESTAMP", "UTC_TIMESTAMP", "UTC_DATE"}
)
_STRUCTURE = frozenset("AND OR XOR THEN ELSE END WHEN IN IS LIKE BETWEEN FROM SELECT AS ORDER BY".split())


class Operands(Calls):
    """Operands of a parse."""

    __slots__ = ()

    def operand(self, token: Token) -> Scalar:
        """Parse one operand."""
        kind = token.kind
        self.at += 1
        if kind == "name":
            return self._named(token)
        if kind == "number":
            return _number(token)
        if kind == "text":
            return Literal(token.value)
        if kind == "double":
            # MySQL habit writes text so; PostgreSQL habit an attribute.
            return self._attribute(token) if token.value in self.heading else Literal(token.value)
        if kind == "quoted":
            return self._attribute(token)
        if token.word == "(":
            return self._bracket()
        self.at -= 1
        raise self.unexpected(token, "a value, an attribute or (")

    def _bracket(self) -> Scalar:
        if self.tokens[self.at].word == "SELECT":
            raise self.unexpected(self.tokens[self.at], "a value")
        inner = self.expression()
        self.expect(")", "an operator or )")
        return inner

    def _named(self, token: Token) -> Scalar:
        after = self.tokens[self.at]
        if after.word == "(" and after.kind == "operator":
            special = _SPECIAL.get(token.word)
            return self.call(token) if special is None else special(self, token)
        if after.kind == "text":
            typed = _TYPED.get(token.word)
            if typed is not None:
                self.at += 1
                return self._typed(typed, token, after)
        if token.value in self.heading.attributes:
            return self._attribute(token)
        if token.word in _CONSTANTS:
            return Literal(_CONSTANTS[token.word])
        if token.word == "CASE":
            return self._case()
        if token.word in _NO_ARGUMENTS:
            return Call(BY_SPELLING[token.value.lower()].name, ())
        if token.word in _STRUCTURE:
            self.at -= 1
            raise self.unexpected(token, "a value, an attribute or (")
        return self._attribute(token)

    def _typed(self, read: Callable[[str], Literal], token: Token, text: Token) -> Literal:
        try:
            return read(text.value)
        except (ValueError, QueryError):
            raise syntax_error(self.text, text.start, f"{text.value!r} is no {token.value.lower()}") from None

    # attributes --------------------------------------------------------------------------------------------

    def _attribute(self, token: Token) -> Scalar:
        attribute = self.heading.attributes.get(token.value)
        if attribute is None:
            raise self._unknown(token)
        after = self.tokens[self.at]
        if after.word not in (".", "[", ":") or after.kind != "operator":
            return Column(token.value)
        self.require_json(Column(token.value), token)
        return self._path(Column(token.value))

    def _unknown(self, token: Token) -> UnknownAttributeError:
        error = unknown_attribute(token.value, self.heading)
        after = self.tokens[self.at]
        advice = error.try_
        if after.word == "." and self.tokens[self.at + 1].value in self.heading:
            advice = f"attributes are named without their table: {self.tokens[self.at + 1].value}"
        elif advice is None and self.tokens[max(self.at - 2, 0)].kind == "operator" and token.kind == "name":
            advice = f"if {token.value} is meant as text, put it in quotes: '{token.value}'"
        return UnknownAttributeError(
            error.what + point(self.text, token.start),
            why=error.why,
            try_=advice,
            name=token.value,
            text=self.text,
            position=token.start,
        )

    def _path(self, column: Column) -> Scalar:
        steps: list[str | int] = []
        while True:
            if self.accept("["):
                steps.append(self.whole_number())
                self.expect("]")
            elif self.accept("."):
                key = self.tokens[self.at]
                if key.kind not in ("name", "double", "quoted"):
                    raise self.unexpected(key, "a key")
                self.at += 1
                steps.append(key.value)
            else:
                break
        type_: CoreType | None = None
        if self.accept(":"):
            type_ = self.type_name()
        return JsonPath(column, tuple(steps), type_)

    def require_json(self, node: Scalar, token: Token) -> None:
        """Refuse a path into anything but JSON."""
        type_ = self.check(node, token)
        if type_ is not None and type_.name not in ("json", "native"):
            raise locate(
                QueryError(
                    f"{self.text[token.start : token.end]} is {type_} and has nothing inside",
                    try_="paths lead into attributes of type json",
                ),
                self.text,
                token.start,
            )

    def arrow_steps(self, token: Token) -> Steps:
        """Read what stands right of ``->``."""
        if token.kind == "number" and token.value.isdigit():
            return (int(token.value),)
        if token.kind not in ("text", "double"):
            raise self.unexpected(token, "a path such as '$.key'")
        return parse_dollar(token.value, self.text, token.start + 1)

    # forms -------------------------------------------------------------------------------------------------

    def _case(self) -> Scalar:
        subject = None if self.tokens[self.at].word == "WHEN" else self.expression()
        whens: list[tuple[Scalar, Scalar]] = []
        while self.accept("WHEN"):
            start = self.tokens[self.at]
            when = self.expression()
            if subject is None:
                when = self.truth(when, start)
            else:
                subject, when = self.alike(subject, when, start)
            self.expect("THEN")
            whens.append((when, self.expression()))
        if not whens:
            raise self.unexpected(self.tokens[self.at], "WHEN")
        otherwise = self.expression() if self.accept("ELSE") else None
        ending = self.expect("END", "WHEN, ELSE or END")
        node = Case(tuple(whens), otherwise, subject)
        self.check(node, ending)
        return node

    def _cast_form(self, token: Token) -> Scalar:
        self.at += 1
        inner = self.expression()
        if not (self.accept("AS") or (token.word == "CONVERT" and self.accept(","))):
            raise self.unexpected(self.tokens[self.at], "AS and a type")
        type_ = self.type_name()
        self.expect(")")
        return _cast_literal(inner, type_)

    def _extract(self, token: Token) -> Scalar:
        self.at += 1
        unit = self.tokens[self.at]
        self.at += 1
        self.expect("FROM")
        inner = self.expression()
        self.expect(")")
        name = {"DOW": "dayofweek", "DOY": "dayofyear", "WEEK": "weekofyear", "EPOCH": "unix_timestamp"}.get(
            unit.word
        )
        return self.checked_call(name or unit.value.lower(), [inner], unit)

    def _position(self, token: Token) -> Scalar:
        self.at += 1
        needle = self.expression(5)  # binds tighter than IN
        if not (self.accept("IN") or self.accept(",")):
            raise self.unexpected(self.tokens[self.at], "IN and a text")
        haystack = self.expression()
        self.expect(")")
        return self.checked_call("locate", [needle, haystack], token)

    def _json_value(self, token: Token) -> Scalar:
        self.at += 1
        inner = self.expression()
        steps: Steps = ()
        if token.word != "JSON_UNQUOTE":
            self.expect(",", ", and a path such as '$.key'")
            path = self.literal_text("a path such as '$.key'")
            steps = parse_dollar(path.value, self.text, path.start + 1)
        type_ = JSON if token.word == "JSON_EXTRACT" else None
        if self.accept("RETURNING"):
            type_ = self.type_name()
        self.expect(")")
        if isinstance(inner, JsonPath) and inner.type == JSON:
            return JsonPath(inner.operand, inner.steps + steps, type_)
        self.require_json(inner, token)
        return JsonPath(inner, steps, type_)


def _cast_literal(inner: Scalar, type_: CoreType) -> Scalar:
    if (
        isinstance(inner, Literal)
        and type(inner.value) is str
        and (type_.is_temporal or type_.name == "uuid")
    ):
        # Text that is a date is bound as one; anything else is left to the cast, which yields NULL.
        try:
            typed = coerce(inner.value, type_)
        except QueryError:
            return Cast(inner, type_)
        return typed if typed.type == type_ else Cast(typed, type_)
    return Cast(inner, type_)


def _number(token: Token) -> Literal:
    text = token.value
    return Literal(int(text)) if text.isdigit() else Literal(float(text))


def _read_date(text: str) -> Literal:
    return Literal(coerce(text, DATE).value, DATE)


def _read_moment(text: str) -> Literal:
    moment = parse_moment(text)
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time())
    return Literal(moment, datetime_type(literal_digits(moment)))


def _read_time(text: str) -> Literal:
    return coerce(text, TIME)


def _read_bytes(text: str) -> Literal:
    return Literal(bytes.fromhex(text), BYTES)


_TYPED: dict[str, Callable[[str], Literal]] = {
    "DATE": _read_date,
    "TIMESTAMP": _read_moment,
    "DATETIME": _read_moment,
    "TIME": _read_time,
    "X": _read_bytes,
}
_SPECIAL: dict[str, Callable[[Operands, Token], Scalar]] = {
    "CAST": Operands._cast_form,
    "CONVERT": Operands._cast_form,
    "EXTRACT": Operands._extract,
    "POSITION": Operands._position,
    "JSON_VALUE": Operands._json_value,
    "JSON_EXTRACT": Operands._json_value,
    "JSON_UNQUOTE": Operands._json_value,
}
