"""The portable catalogue of functions: names, arguments, results; one meaning on every database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Function:
    """A function of restrictions and projections.

    Parameters
    ----------
    name : str
        Canonical lower-case name.
    args : tuple of str
        Kind of each argument: ``text int float number bool date moment json any``; ``same`` for arguments
        that share one type; ``unit`` for a word such as ``day``; ``format`` for a literal date format;
        ``digits`` for a literal whole number.
    result : str
        Kind of the result, or ``same`` (of the ``same`` arguments), ``first`` (of the first argument), or
        the name of a rule in `fascicle.query.inference`.
    meaning : str
        One sentence for the reference page.
    optional : int
        How many of the last arguments may be left out.
    variadic : bool
        Whether the last argument may be repeated.
    aggregate : bool
        Whether it takes many rows.
    nulls : str
        ``any``: NULL if an argument is; ``all``: only if all are; ``never``; ``always``: may be NULL anyhow.
    aliases : tuple of str
        Other spellings.
    """

    name: str
    args: tuple[str, ...]
    result: str
    meaning: str
    optional: int = 0
    variadic: bool = False
    aggregate: bool = False
    nulls: str = "any"
    aliases: tuple[str, ...] = ()

    @property
    def fewest(self) -> int:
        """Smallest number of arguments."""
        return len(self.args) - self.optional

    @property
    def most(self) -> int | None:
        """Largest number of arguments, ``None`` for no limit."""
        return None if self.variadic else len(self.args)

    def kind(self, position: int) -> str:
        """Kind of the argument at a position."""
        return self.args[min(position, len(self.args) - 1)]


UNITS = ("microsecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")


def _text() -> Iterator[Function]:
    yield Function("concat", ("text",), "text", "joins texts; NULL if one is NULL", variadic=True)
    yield Function(
        "concat_ws",
        ("text", "text"),
        "text",
        "joins texts by a separator; leaves NULLs out",
        variadic=True,
        nulls="first",
    )
    yield Function("lower", ("text",), "text", "lower case, all letters", aliases=("lcase",))
    yield Function("upper", ("text",), "text", "upper case, all letters", aliases=("ucase",))
    yield Function(
        "length",
        ("text",),
        "int",
        "number of characters, not bytes",
        aliases=("char_length", "character_length", "len"),
    )
    yield Function("octet_length", ("bytes",), "int", "number of bytes; text counts as UTF-8")
    yield Function(
        "substring",
        ("text", "int", "int"),
        "text",
        "characters from position n (the first is 1; negative counts from the end), at most m",
        optional=1,
        aliases=("substr", "mid"),
    )
    yield Function("left", ("text", "int"), "text", "the first n characters")
    yield Function("right", ("text", "int"), "text", "the last n characters")
    yield Function("trim", ("text",), "text", "without blanks at both ends", aliases=("btrim",))
    yield Function("ltrim", ("text",), "text", "without blanks at the start")
    yield Function("rtrim", ("text",), "text", "without blanks at the end")


def _searches() -> Iterator[Function]:
    yield Function("replace", ("text", "text", "text"), "text", "every occurrence of b in a replaced by c")
    yield Function("instr", ("text", "text"), "int", "position of b in a, 0 if absent", aliases=("strpos",))
    yield Function(
        "locate", ("text", "text"), "int", "position of a in b, 0 if absent", aliases=("position",)
    )
    yield Function(
        "lpad", ("text", "int", "text"), "text", "filled on the left, or cut, to n characters", optional=1
    )
    yield Function(
        "rpad", ("text", "int", "text"), "text", "filled on the right, or cut, to n characters", optional=1
    )
    yield Function("repeat", ("text", "int"), "text", "the text n times")
    yield Function("reverse", ("text",), "text", "characters in reverse order")
    yield Function("starts_with", ("text", "text"), "bool", "whether a begins with b")
    yield Function(
        "regexp_like", ("text", "text"), "bool", "whether a regular expression is found in the text"
    )
    yield Function("md5", ("text",), "text", "MD5 of the UTF-8 text, 32 hexadecimal digits")
    yield Function("hex", ("bytes",), "text", "bytes as upper-case hexadecimal digits")
    yield Function(
        "uuid_to_text", ("uuid",), "text", "the canonical 36 characters", aliases=("uuid_text", "bin_to_uuid")
    )


def _numbers() -> Iterator[Function]:
    yield Function("abs", ("number",), "first_number", "absolute value")
    yield Function("sign", ("number",), "int", "-1, 0 or 1")
    yield Function(
        "round", ("number", "digits"), "rounded", "rounded to n digits; halves away from zero", optional=1
    )
    yield Function(
        "truncate",
        ("number", "digits"),
        "rounded",
        "cut after n digits, towards zero",
        optional=1,
        aliases=("trunc",),
    )
    yield Function("floor", ("number",), "whole", "largest whole number not above")
    yield Function("ceil", ("number",), "whole", "smallest whole number not below", aliases=("ceiling",))
    yield Function(
        "mod", ("number", "number"), "modulo", "remainder, with the sign of a; NULL if b is 0", nulls="always"
    )
    yield Function("sqrt", ("float",), "float", "square root; NULL below 0", nulls="always")
    yield Function(
        "power",
        ("float", "float"),
        "float",
        "a to the power b; NULL where undefined",
        nulls="always",
        aliases=("pow",),
    )
    yield Function("exp", ("float",), "float", "e to the power x")
    yield Function(
        "ln", ("float",), "float", "natural logarithm; NULL at or below 0", nulls="always", aliases=("log",)
    )
    yield Function("log10", ("float",), "float", "decimal logarithm; NULL at or below 0", nulls="always")
    yield Function("log2", ("float",), "float", "binary logarithm; NULL at or below 0", nulls="always")
    for name, meaning in (("sin", "sine"), ("cos", "cosine"), ("tan", "tangent"), ("atan", "arc tangent")):
        yield Function(name, ("float",), "float", f"{meaning} (radians)")
    for name, meaning in (("asin", "arc sine"), ("acos", "arc cosine")):
        yield Function(
            name, ("float",), "float", f"{meaning} (radians); NULL outside -1 to 1", nulls="always"
        )
    yield Function("atan2", ("float", "float"), "float", "angle of the point (b, a) (radians)")
    yield Function("radians", ("float",), "float", "degrees turned into radians")
    yield Function("degrees", ("float",), "float", "radians turned into degrees")
    yield Function("pi", (), "float", "3.141592653589793", nulls="never")
    yield Function("greatest", ("same", "same"), "same", "the largest; NULL if one is NULL", variadic=True)
    yield Function("least", ("same", "same"), "same", "the smallest; NULL if one is NULL", variadic=True)


def _choices() -> Iterator[Function]:
    yield Function(
        "coalesce",
        ("same", "same"),
        "same",
        "the first that is not NULL",
        variadic=True,
        nulls="all",
        aliases=("ifnull", "nvl"),
    )
    yield Function(
        "nullif", ("same", "same"), "same", "NULL if both are equal, else the first", nulls="always"
    )
    yield Function(
        "if",
        ("bool", "same", "same"),
        "same",
        "b where a is true, else c",
        nulls="branches",
        aliases=("iif",),
    )
    yield Function("isnull", ("any",), "bool", "whether the value is NULL", nulls="never")


def _moments() -> Iterator[Function]:
    now = ("current_timestamp", "localtimestamp", "utc_timestamp")
    yield Function("now", (), "datetime", "now in UTC, whole seconds", nulls="never", aliases=now)
    yield Function("current_date", (), "date", "today in UTC", nulls="never", aliases=("curdate", "utc_date"))
    yield Function("date", ("moment",), "date", "the day of a moment")
    yield Function("time", ("moment",), "time", "the time of day of a moment")
    for name, meaning in (
        ("year", "year"),
        ("quarter", "quarter, 1 to 4"),
        ("month", "month, 1 to 12"),
        ("day", "day of the month"),
    ):
        yield Function(name, ("moment",), "int", meaning, aliases=("dayofmonth",) if name == "day" else ())
    for name, meaning in (("hour", "hour, 0 to 23"), ("minute", "minute"), ("second", "second, whole")):
        yield Function(name, ("clock",), "int", meaning)
    yield Function("microsecond", ("clock",), "int", "microseconds within the second")
    yield Function("dayofweek", ("moment",), "int", "1 for Sunday to 7 for Saturday")
    yield Function("weekday", ("moment",), "int", "0 for Monday to 6 for Sunday")
    yield Function("dayofyear", ("moment",), "int", "day of the year, from 1")
    yield Function("weekofyear", ("moment",), "int", "ISO week, 1 to 53", aliases=("isoweek",))
    yield Function("datediff", ("moment", "moment"), "int", "days from b to a, times of day ignored")
    yield Function("timestampdiff", ("unit", "moment", "moment"), "int", "complete units from a to b")
    yield Function(
        "date_add",
        ("moment", "number", "unit"),
        "shifted",
        "x + INTERVAL n unit; days past a month's end are cut",
        aliases=("date_sub", "adddate", "subdate"),
    )
    yield Function(
        "date_format",
        ("moment", "format"),
        "text",
        "text of a moment: %Y %m %d %H %i %s %f %j %y %M %b %W %a",
    )
    yield Function("unix_timestamp", ("moment",), "float", "seconds since 1970-01-01 UTC")
    yield Function("from_unixtime", ("float",), "datetime6", "moment of so many seconds since 1970-01-01 UTC")


def _json() -> Iterator[Function]:
    yield Function(
        "json_length", ("json",), "int", "number of elements of an array or object, 1 for a scalar"
    )
    yield Function("json_type", ("json",), "text", "object, array, string, number, boolean or null")


def _aggregates() -> Iterator[Function]:
    yield Function(
        "count",
        ("any",),
        "int",
        "number of values that are not NULL; count(*) of rows",
        variadic=True,
        nulls="never",
    )
    yield Function("sum", ("number",), "total", "sum; NULL of no values", nulls="always")
    yield Function("avg", ("float",), "float", "mean as float64", nulls="always", aliases=("mean",))
    yield Function("min", ("any",), "first", "smallest value", nulls="always")
    yield Function("max", ("any",), "first", "largest value", nulls="always")
    yield Function(
        "stddev_pop",
        ("float",),
        "float",
        "standard deviation of a population",
        nulls="always",
        aliases=("std", "stddev"),
    )
    yield Function(
        "stddev_samp",
        ("float",),
        "float",
        "standard deviation of a sample; NULL of one value",
        nulls="always",
    )
    yield Function(
        "var_pop", ("float",), "float", "variance of a population", nulls="always", aliases=("variance",)
    )
    yield Function("var_samp", ("float",), "float", "variance of a sample; NULL of one value", nulls="always")
    yield Function(
        "group_concat",
        ("text",),
        "text",
        "texts joined by SEPARATOR (a comma), in the order of ORDER BY (of the values)",
        nulls="always",
        aliases=("string_agg", "listagg"),
    )
    yield Function("any_value", ("any",), "first", "one of the values: the smallest", nulls="always")
    yield Function("bool_and", ("bool",), "bool", "whether all are true", nulls="always", aliases=("every",))
    yield Function("bool_or", ("bool",), "bool", "whether one is true", nulls="always")


def _catalogue() -> dict[str, Function]:
    from dataclasses import replace

    plain = (*_text(), *_searches(), *_numbers(), *_choices(), *_moments(), *_json())
    return {f.name: f for f in (*plain, *(replace(f, aggregate=True) for f in _aggregates()))}


FUNCTIONS: Mapping[str, Function] = MappingProxyType(_catalogue())
BY_SPELLING: Mapping[str, Function] = MappingProxyType(
    {spelling: f for f in FUNCTIONS.values() for spelling in (f.name, *f.aliases)}
)


def is_aggregate(name: str) -> bool:
    """Whether the function of that canonical name takes many rows."""
    known = FUNCTIONS.get(name)
    return known is not None and known.aggregate
