"""Spellings of types that existing pipelines use, and the portable type that each stands for.

===========================================  ==========================================================
spelling                                     meaning
===========================================  ==========================================================
tinyint, smallint, mediumint, int, bigint    int8, int16, int32, int32, int64 (a display width is ignored)
... unsigned                                 the next wider type; bigint stays int64
serial, ... auto_increment                   the same, numbered by the database
float; double, real                          float32; float64
decimal, numeric, dec, fixed                 decimal(10,0) unless precision and scale are given
boolean, bit, bit(1)                         bool
character, character varying, nchar          char, varchar
tinyblob, blob, mediumblob, longblob         <blob>: a packed value, as these columns always held
binary(n), varbinary(n)                      bytes
timestamp(n)                                 datetime(n)
year                                         int16
attach, attach@s, blob@s, filepath@s         <attach>, <attach@s>, <blob@s>, <filepath@s>
tinytext, text, mediumtext, longtext         native text, known to every database of ours
===========================================  ==========================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fascicle.definition.cursor import quote
from fascicle.errors import DefinitionError
from fascicle.model import CodecRef, CoreType
from fascicle.model.types import NAMES

_INTEGERS = {
    "tinyint": ("int8", "int16"),
    "smallint": ("int16", "int32"),
    "mediumint": ("int32", "int32"),
    "int": ("int32", "int64"),
    "integer": ("int32", "int64"),
    "bigint": ("int64", "int64"),
    "serial": ("int64", "int64"),
}
_FLOATS = {"float": "float32", "double": "float64", "real": "float64"}
_DECIMALS = ("decimal", "numeric", "dec", "fixed")
_BLOBS = ("tinyblob", "blob", "mediumblob", "longblob")
_IN_STORE = ("attach", "blob", "filepath")
TEXTS = ("tinytext", "text", "mediumtext", "longtext")
_NATIVE_WORDS = ("precision", "varying", "with", "without", "local", "time", "zone", "unsigned")
_OF_ONE_DATABASE = """
    character nchar nvarchar binary varbinary timestamp year set geometry point linestring polygon multipoint line
    multilinestring multipolygon geometrycollection interval timestamptz timetz inet cidr macaddr money xml jsonb
    bytea citext vector tsvector tsquery int4range int8range numrange daterange tsrange hstore name oid lseg box
    path circle int2 int4 float4 float8 clob any
"""
KNOWN_NATIVE = frozenset(
    (*_INTEGERS, *_FLOATS, *_DECIMALS, *_BLOBS, *TEXTS, "attach", "filepath", "boolean", "bit")
).union(_OF_ONE_DATABASE.split())


@dataclass(frozen=True, slots=True)
class Spelling:
    """The pieces of a type as written, in lower case."""

    name: str
    args: tuple[int | str, ...] | None = None
    words: tuple[str, ...] = ()
    store: str | None = None

    @property
    def text(self) -> str:
        """The type in one canonical way of writing."""
        args = "" if self.args is None else "(" + ",".join(_argument(a) for a in self.args) + ")"
        store = "" if self.store is None else f"@{self.store}"
        # "double precision", "character varying(3)", but "int(3) unsigned"
        before = [w for w in self.words if w in ("precision", "varying")]
        after = [w for w in self.words if w not in before]
        return " ".join([" ".join([self.name + store, *before]) + args, *after])


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a spelling stands for, and the hint to give."""

    type: CoreType | CodecRef
    hint: str
    autoincrement: bool = False


def legacy_meaning(spelling: Spelling) -> Meaning | None:
    """Return the portable meaning of a spelling of existing pipelines, ``None`` if it is none of them.

    Raises
    ------
    DefinitionError
        If the spelling says something that has no portable meaning.
    """
    if spelling.store is not None:
        return _stored(spelling)
    for family, reader in _READERS:
        if spelling.name in family:
            return reader(spelling)
    if spelling.name in NAMES:
        _modifiers(spelling)
    return None


def native_meaning(spelling: Spelling) -> Meaning:
    """Take a type as SQL of one database."""
    _modifiers(spelling, *_NATIVE_WORDS)
    sql = spelling.text
    return Meaning(
        CoreType("native", (sql,)),
        f"the type {sql!r} is passed to the database as it is, and others may not have it; "
        "the portable types are int8..int64, float32, float64, bool, decimal(p,s), char(n), varchar(n), "
        "enum(...), date, time, datetime(n), json, uuid, bytes and <codec>",
    )


def _says(
    spelling: Spelling, type_: CoreType | CodecRef, note: str = "", autoincrement: bool = False
) -> Meaning:
    return Meaning(type_, f"{spelling.text!r} is read as {type_}{note}; write {type_}", autoincrement)


def _modifiers(spelling: Spelling, *known: str) -> frozenset[str]:
    for word in spelling.words:
        if word not in known:
            raise DefinitionError(
                f"unexpected {word!r} after the type {spelling.name!r}",
                why="nullability and defaults are written as 'name = null : type' or 'name = value : type'",
            )
    return frozenset(spelling.words)


def _integer(spelling: Spelling) -> Meaning:
    words = _modifiers(spelling, "unsigned", "signed", "zerofill", "auto_increment")
    unsigned = "unsigned" in words or "zerofill" in words
    type_ = CoreType(_INTEGERS[spelling.name][unsigned])
    note = " (unsigned: one size wider)" if unsigned else ""
    if unsigned and spelling.name == "mediumint":
        note = ""
    if unsigned and spelling.name == "bigint":
        note = " (values above 9223372036854775807 do not fit)"
    return _says(spelling, type_, note, "auto_increment" in words or spelling.name == "serial")


def _float(spelling: Spelling) -> Meaning:
    words = _modifiers(spelling, "unsigned", "precision", "zerofill")
    note = " (negative values are not refused)" if "unsigned" in words else ""
    return _says(spelling, CoreType(_FLOATS[spelling.name]), note)


def _decimal(spelling: Spelling) -> Meaning:
    words = _modifiers(spelling, "unsigned", "zerofill")
    numbers = [a for a in spelling.args or () if isinstance(a, int)]
    precision, scale = (*numbers, *(10, 0)[len(numbers) :])[:2]
    if len(spelling.args or ()) > 2 or not 1 <= precision <= 65 or scale > min(precision, 30):
        raise DefinitionError(f"{spelling.text!r} is no decimal", try_="write decimal(p,s)")
    note = " (negative values are not refused)" if words else ""
    return _says(spelling, CoreType("decimal", (precision, scale)), note)


def _bool(spelling: Spelling) -> Meaning | None:
    if spelling.name == "bit" and spelling.args not in (None, (1,)):
        return None
    _modifiers(spelling)
    return _says(spelling, CoreType("bool"))


def _character(spelling: Spelling) -> Meaning:
    words = _modifiers(spelling, "varying")
    name = "varchar" if words or spelling.name.endswith("varchar") else "char"
    length = spelling.args or ((1,) if name == "char" else ())
    if len(length) != 1 or not isinstance(length[0], int) or length[0] < 1:
        raise DefinitionError(f"{spelling.text!r} needs a length", try_=f"write {name}(n)")
    return _says(spelling, CoreType(name, length))


def _blob(spelling: Spelling) -> Meaning:
    _modifiers(spelling)
    return Meaning(
        CodecRef("blob"),
        f"{spelling.text!r} is read as <blob>, a packed value; write <blob>, or bytes for raw bytes",
    )


def _binary(spelling: Spelling) -> Meaning:
    _modifiers(spelling)
    return _says(spelling, CoreType("bytes"), " (any length)")


def _timestamp(spelling: Spelling) -> Meaning | None:
    if spelling.words:
        return None
    digits = spelling.args or ()
    if len(digits) > 1 or any(not isinstance(d, int) or d > 6 for d in digits):
        raise DefinitionError(f"{spelling.text!r} is no timestamp", try_="write datetime(n), n from 0 to 6")
    return _says(spelling, CoreType("datetime", digits if digits != (0,) else ()), ", in UTC")


def _year(spelling: Spelling) -> Meaning:
    _modifiers(spelling)
    return _says(spelling, CoreType("int16"))


def _attach(spelling: Spelling) -> Meaning:
    _modifiers(spelling)
    return _says(spelling, CodecRef("attach"))


def _filepath(spelling: Spelling) -> Meaning:
    raise DefinitionError(f"{spelling.text} needs a store", try_="write <filepath@store>")


def _text(spelling: Spelling) -> Meaning:
    _modifiers(spelling)
    type_ = CoreType("native", (spelling.name,))
    return Meaning(
        type_, f"{spelling.name!r} has no fixed length and cannot be a key; write varchar(n) instead"
    )


def _stored(spelling: Spelling) -> Meaning:
    if spelling.name not in _IN_STORE or spelling.args is not None or spelling.words:
        raise DefinitionError(
            f"there is no type {spelling.text!r}",
            why="'@' names the store of a codec",
            try_=f"write <{spelling.name}@{spelling.store}>",
        )
    return _says(spelling, CodecRef(spelling.name, spelling.store))


def _argument(value: int | str) -> str:
    return quote(value) if isinstance(value, str) else str(value)


# A word after a core type (``datetime(3) default now``) is no modifier that these know.
_READERS: tuple[tuple[tuple[str, ...], Callable[[Spelling], Meaning | None]], ...] = (
    (tuple(_INTEGERS), _integer),
    (tuple(_FLOATS), _float),
    (_DECIMALS, _decimal),
    (("boolean", "bit", "bool"), _bool),
    (("character", "char", "varchar", "nchar", "nvarchar"), _character),
    (_BLOBS, _blob),
    (("binary", "varbinary"), _binary),
    (("timestamp",), _timestamp),
    (("year",), _year),
    (("attach",), _attach),
    (("filepath",), _filepath),
    (TEXTS, _text),
)
