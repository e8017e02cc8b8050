"""Function calls in restriction text."""

from __future__ import annotations

from collections.abc import Sequence

from fascicle.errors import QueryError
from fascicle.model import nearest
from fascicle.query import families
from fascicle.query.cursor import Cursor, is_text
from fascicle.query.functions import BY_SPELLING, FUNCTIONS, UNITS, Function
from fascicle.query.inference import contains_aggregate, format_argument
from fascicle.query.literals import coerce
from fascicle.query.pairing import as_condition, harmonise
from fascicle.query.scalar import Call, JsonPath, Literal, Scalar, Unary
from fascicle.query.tokens import Token, locate, syntax_error

_UNIT_WORDS = {
    word: unit for unit in UNITS for word in (unit.upper(), unit.upper() + "S", "SQL_TSI_" + unit.upper())
}
_NUMBER_KINDS = frozenset({"int", "float", "number"})
_FITTING = {
    "text": None,  # anything is turned into text
    "number": ("bool", "int", "decimal", "float"),
    "float": ("bool", "int", "decimal", "float"),
    "int": ("bool", "int", "decimal", "float"),
    "bool": ("bool", "int", "decimal", "float"),
    "moment": ("date", "datetime"),
    "clock": ("datetime", "time"),
    "json": ("json",),
    "bytes": ("bytes", "text", "uuid"),
    "uuid": ("uuid",),
    "any": None,
    "same": None,
    "digits": ("int",),
    "format": ("text",),
    "unit": ("text",),
}


class Calls(Cursor):
    """Calls of a parse."""

    __slots__ = ()

    def truth(self, node: Scalar, token: Token) -> Scalar:
        """Check that a node can be true or false."""
        raise NotImplementedError

    def call(self, token: Token) -> Scalar:
        """Parse a call; the name is behind, the bracket comes next."""
        function = BY_SPELLING.get(token.value.lower())
        if function is None:
            raise self._unknown_function(token)
        self.at += 1
        if function.aggregate:
            return self._aggregate(function, token)
        if function.name == "timestampdiff":
            return self._difference(token)
        if function.name == "date_add" or token.word == "DATE_SUB":
            return self._shift_call(token)
        args = [] if self.accept(")") else self.arguments(")")
        if token.word == "LOG" and len(args) == 2:
            raise syntax_error(
                self.text, token.start, "log takes one argument", advice="write ln(x) / ln(base)"
            )
        if function.name == "if" and args:
            args[0] = self.truth(args[0], token)
        return self._finish(function, args, token)

    def checked_call(self, name: str, args: Sequence[Scalar], token: Token) -> Call:
        """Make a call of the function of that name after checking its arguments."""
        function = FUNCTIONS.get(name)
        if function is None:
            raise self._unknown_function(token)
        return self._finish(function, list(args), token)

    def alike(self, left: Scalar, right: Scalar, token: Token) -> tuple[Scalar, Scalar]:
        """Harmonise two sides, pointing at a word where that fails."""
        try:
            return harmonise(left, right, self.heading)
        except QueryError as error:
            raise locate(error, self.text, token.start) from None

    def shifted(self, left: Scalar, op: str, token: Token) -> Call:
        """Parse ``INTERVAL n unit`` after a moment and a sign."""
        amount, unit = self._interval()
        return self._shift(left, amount, unit, op == "-", token)

    # -------------------------------------------------------------------------------------------------------

    def _finish(self, function: Function, args: list[Scalar], token: Token, distinct: bool = False) -> Call:
        most = function.most
        if len(args) < function.fewest or (most is not None and len(args) > most):
            raise self._wrong_count(function, len(args), token)
        args = [self._fit(function, i, arg, token) for i, arg in enumerate(args)]
        self._share(function, args, token)
        node = Call(function.name, tuple(args), distinct)
        self.check(node, token)
        return node

    def _wrong_count(self, function: Function, given: int, token: Token) -> QueryError:
        most = function.most
        if most is None:
            takes = f"at least {function.fewest}"
        else:
            takes = str(most) if most == function.fewest else f"{function.fewest} to {most}"
        return syntax_error(
            self.text,
            token.start,
            f"{token.value}() takes {takes} argument{'' if takes == '1' else 's'}, not {given}",
            advice=f"{function.name}({', '.join(function.args)}): {function.meaning}",
        )

    def _fit(self, function: Function, position: int, arg: Scalar, token: Token) -> Scalar:
        """Check an argument against the kind that is wanted; literals become of that kind."""
        kind = function.kind(position)
        if kind in _NUMBER_KINDS and isinstance(arg, JsonPath) and arg.type is None:
            return JsonPath(arg.operand, arg.steps, families.FLOAT64)
        if kind == "bool":
            return self.truth(as_condition(arg), token)
        if kind in ("moment", "clock") and is_text(arg):
            return self._moment(arg, kind, token)
        fitting = _FITTING[kind]
        if fitting is None:
            return arg
        if kind == "format":
            self._check_format(function, arg, token)
        type_ = self.check(arg, token)
        if type_ is not None and families.family(type_) not in (*fitting, "native"):
            raise locate(
                QueryError(
                    f"argument {position + 1} of {function.name}() is {type_.name}, not {kind}",
                    why=f"{function.name}({', '.join(function.args)}): {function.meaning}",
                    try_="convert it: CAST(x AS type)",
                ),
                self.text,
                token.start,
            )
        return arg

    def _check_format(self, function: Function, arg: Scalar, token: Token) -> None:
        try:
            format_argument(Call(function.name, (arg, arg)))
        except QueryError as error:
            raise locate(error, self.text, token.start) from None

    def _moment(self, arg: Scalar, kind: str, token: Token) -> Literal:
        value = arg.value  # type: ignore[attr-defined]
        wanted = families.DATE if kind == "moment" else families.DATETIME
        try:
            return coerce(value, wanted)
        except QueryError as error:
            if kind == "clock":
                try:
                    return coerce(value, families.TIME)
                except QueryError:
                    pass
            raise locate(error, self.text, token.start) from None

    def _share(self, function: Function, args: list[Scalar], token: Token) -> None:
        """Give literals among arguments of one type that type."""
        places = [i for i in range(len(args)) if function.kind(i) == "same"]
        anchor = next((i for i in places if not isinstance(args[i], Literal)), None)
        if anchor is None:
            return
        for i in places:
            if i != anchor and isinstance(args[i], Literal) and args[i].value is not None:  # type: ignore[attr-defined]
                args[anchor], args[i] = self.alike(args[anchor], args[i], token)

    def _unknown_function(self, token: Token) -> QueryError:
        close = nearest(token.value, BY_SPELLING)
        if token.value in self.heading:
            advice = f"{token.value} is an attribute: write it without brackets"
        elif close:
            advice = f"did you mean {' or '.join(f'{c}()' for c in close)}?"
        else:
            advice = "a function of one database can be used through fc.SQL('...')"
        return syntax_error(
            self.text,
            token.start,
            f"there is no function {token.value!r} that all databases share",
            advice=advice,
        )

    # aggregates --------------------------------------------------------------------------------------------

    def _aggregate(self, function: Function, token: Token) -> Scalar:
        if function.name == "count" and self.accept("*"):
            self.saw_aggregate = True
            self.expect(")")
            return Call("count", (), star=True)
        distinct = self.accept("DISTINCT")
        if not distinct:
            self.accept("ALL")
        self.saw_aggregate = False
        args = [self.expression()]
        while self.accept(","):
            args.append(self.expression())
        inside, self.saw_aggregate = self.saw_aggregate, True
        if inside and any(contains_aggregate(arg) for arg in args):
            raise syntax_error(
                self.text,
                token.start,
                "an aggregate cannot stand inside another",
                advice="aggregate in two steps",
            )
        if function.name == "group_concat":
            return self._group_concat(function, args, distinct, token)
        if function.name == "count" and len(args) > 1 and not distinct:
            raise syntax_error(self.text, token.start, "count() of several attributes counts DISTINCT ones")
        self.expect(")", ", or )")
        return self._finish(function, args, token, distinct)

    def _group_concat(self, function: Function, args: list[Scalar], distinct: bool, token: Token) -> Call:
        separator = ","
        if len(args) == 2 and is_text(args[1]):
            separator = args.pop().value  # type: ignore[attr-defined]
        order: list[tuple[Scalar, bool]] = []
        if self.accept("ORDER"):
            self.expect("BY")
            while not order or self.accept(","):
                key = self.expression()
                descending = self.accept("DESC")
                if not descending:
                    self.accept("ASC")
                order.append((key, descending))
        if self.accept("SEPARATOR"):
            separator = self.literal_text("text in quotes").value
        self.expect(")", "ORDER BY, SEPARATOR or )")
        if distinct and any(key != args[0] for key, _ in order):
            raise syntax_error(self.text, token.start, "DISTINCT texts can only be ordered by themselves")
        done = self._finish(function, args, token, distinct)
        return Call(done.name, done.args, distinct, False, tuple(order), separator)

    # moments -----------------------------------------------------------------------------------------------

    def _difference(self, token: Token) -> Call:
        unit = self._unit()
        self.expect(",")
        args = self.arguments(")")
        return self._finish(FUNCTIONS["timestampdiff"], [Literal(unit), *args], token)

    def _shift_call(self, token: Token) -> Call:
        left = self.expression()
        self.expect(",")
        self.expect("INTERVAL", "INTERVAL n unit")
        amount, unit = self._interval()
        self.expect(")")
        return self._shift(left, amount, unit, token.word in ("DATE_SUB", "SUBDATE"), token)

    def _interval(self) -> tuple[Scalar, str]:
        """Parse ``[INTERVAL] 3 DAY``, ``'3 days'`` or ``(x + 1) HOUR``."""
        self.accept("INTERVAL")
        start = self.tokens[self.at]
        if start.kind in ("text", "double"):
            words = start.value.split()
            if len(words) == 2 and words[1].upper() in _UNIT_WORDS:
                self.at += 1
                return self._amount(words[0], start), _UNIT_WORDS[words[1].upper()]
            self.at += 1
            amount: Scalar = self._amount(start.value, start)
        else:
            amount = self.expression()
        return amount, self._unit()

    def _amount(self, text: str, token: Token) -> Scalar:
        try:
            return coerce(text, families.INT64)
        except QueryError as error:
            raise locate(error, self.text, token.start) from None

    def _unit(self) -> str:
        token = self.tokens[self.at]
        unit = _UNIT_WORDS.get(token.word)
        if unit is None:
            raise self.unexpected(token, f"a unit: {', '.join(UNITS)}")
        self.at += 1
        return unit

    def _shift(self, left: Scalar, amount: Scalar, unit: str, back: bool, token: Token) -> Call:
        if back:
            negative = isinstance(amount, Literal) and type(amount.value) in (int, float)
            amount = Literal(-amount.value) if negative else Unary("-", amount)  # type: ignore[attr-defined]
        node = self._finish(FUNCTIONS["date_add"], [left, amount, Literal(unit)], token)
        type_ = self.check(amount, token)
        if unit in ("month", "quarter", "year") and type_ is not None and not type_.is_integer:
            raise syntax_error(self.text, token.start, f"a {unit} is no fixed length: take whole ones")
        return node
