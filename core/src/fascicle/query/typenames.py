"""Type names in CAST and JSON paths: core types and the usual SQL spellings."""

from __future__ import annotations

from fascicle.errors import QueryError
from fascicle.model import CoreType, nearest

_ALIASES = {
    "signed": "int64",
    "signed integer": "int64",
    "unsigned": "int64",
    "unsigned integer": "int64",
    "int": "int32",
    "integer": "int32",
    "tinyint": "int8",
    "smallint": "int16",
    "bigint": "int64",
    "int2": "int16",
    "int4": "int32",
    "real": "float32",
    "float": "float64",
    "float4": "float32",
    "double": "float64",
    "double precision": "float64",
    "numeric": "decimal",
    "dec": "decimal",
    "boolean": "bool",
    "character": "char",
    "character varying": "varchar",
    "text": "varchar",
    "string": "varchar",
    "timestamp": "datetime",
    "jsonb": "json",
    "binary": "bytes",
    "bytea": "bytes",
    "blob": "bytes",
}
_CORE = frozenset(
    "int8 int16 int32 int64 float32 float64 bool decimal char varchar date time datetime json uuid bytes".split()
)
# Words that may follow another in one name.
FOLLOWERS = {
    "SIGNED": ("INTEGER", "INT"),
    "UNSIGNED": ("INTEGER", "INT"),
    "DOUBLE": ("PRECISION",),
    "CHARACTER": ("VARYING",),
}
_WITH_ARGS = {"decimal": 2, "char": 1, "varchar": 1, "time": 1, "datetime": 1}


def core_type(words: str, args: tuple[int, ...]) -> CoreType:
    """Return the core type that a spelling means; ``int8`` is one byte, as in definitions.

    Raises
    ------
    QueryError
        If nothing is called so, or it takes no such arguments.
    """
    spelling = words.lower().removesuffix(" int") if words.lower() != "int" else "int"
    name = _ALIASES.get(spelling, spelling)
    if name not in _CORE:
        close = nearest(spelling, [*_CORE, *_ALIASES])
        raise QueryError(
            f"there is no type {words!r}",
            why=f"the types are {', '.join(sorted(_CORE))}",
            try_=f"did you mean {' or '.join(repr(c) for c in close)}?" if close else None,
        )
    if name == "char" and not args:
        return CoreType("varchar")  # CAST(x AS CHAR) means text of any length
    if len(args) > _WITH_ARGS.get(name, 0):
        raise QueryError(
            f"the type {name} takes {_WITH_ARGS.get(name, 0) or 'no'} arguments, not {len(args)}"
        )
    if name == "decimal":
        args = (*args, *(10, 0)[len(args) :])
    _check_args(name, args)
    return CoreType(name, () if args == (0,) else args)


def _check_args(name: str, args: tuple[int, ...]) -> None:
    if name == "decimal" and not (0 < args[0] <= 65 and args[1] <= min(30, args[0])):
        raise QueryError(f"decimal({args[0]},{args[1]}) is no type", try_="e.g. decimal(10,2)")
    if name in ("datetime", "time") and args and args[0] > 6:
        raise QueryError(f"{name}({args[0]}) is no type", why="fractions of a second have at most 6 digits")
