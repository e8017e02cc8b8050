"""SQL of the job table: changes of rows chosen by key and token, on the server's clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fascicle.model import TableSpec
from fascicle.populate.jobs.declare import LEASE, TOKEN
from fascicle.sql import Sql
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection

KEYS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment on the server's clock: now, or so many seconds from now."""

    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class More:
    """One more than the column holds."""


class JobStatements:
    """Writes the statements of one job table.

    Parameters
    ----------
    connection : Connection
    spec : TableSpec
        The job table.
    """

    def __init__(self, connection: Connection, spec: TableSpec) -> None:
        self.connection = connection
        self.spec = spec
        self.dialect = connection.dialect
        self.table = self.dialect.table(spec.name)
        self.key_names = spec.full_heading.primary_key

    def update(self, changes: Mapping[str, Any], where: Sequence[Condition]) -> Sql:
        """Change the rows that meet all conditions."""
        parts, params = [], []
        for name, value in changes.items():
            column = self.dialect.identifier(name)
            text, values = self._value(name, value)
            parts.append(f"{column} = {text}")
            params += values
        text, values = self._where(where)
        return Sql(f"UPDATE {self.table} SET {', '.join(parts)}{text}", (*params, *values))

    def insert(self, row: Mapping[str, Any]) -> Sql:
        """Insert a row."""
        texts, params = [], []
        for name, value in row.items():
            text, values = self._value(name, value)
            texts.append(text)
            params += values
        columns = ", ".join(map(self.dialect.identifier, row))
        return Sql(f"INSERT INTO {self.table} ({columns}) VALUES ({', '.join(texts)})", tuple(params))

    def delete(self, where: Sequence[Condition]) -> Sql:
        """Delete the rows that meet all conditions."""
        text, values = self._where(where)
        return Sql(f"DELETE FROM {self.table}{text}", tuple(values))

    def among(self, keys: Sequence[Mapping[str, Any]]) -> Condition:
        """Choose rows by their keys."""
        if not self.key_names:
            return Condition("1 = 1")
        terms, params = [], []
        for key in keys:
            tests = []
            for name in self.key_names:
                tests.append(f"{self.dialect.identifier(name)} = {self.dialect.placeholder}")
                params.append(self.encode(name, key[name]))
            terms.append("(" + " AND ".join(tests) + ")")
        return Condition("(" + " OR ".join(terms) + ")", tuple(params))

    def equals(self, name: str, value: Any) -> Condition:
        """Choose rows by one column."""
        mark = self.dialect.placeholder
        return Condition(f"{self.dialect.identifier(name)} = {mark}", (self.encode(name, value),))

    def with_token(self, tokens: Sequence[str]) -> Condition:
        """Choose rows by their claims."""
        marks = ", ".join([self.dialect.placeholder] * len(tokens))
        return Condition(f"{self.dialect.identifier(TOKEN)} IN ({marks})", tuple(tokens))

    def in_force(self) -> Condition:
        """Choose claimed rows whose lease has not run out."""
        return Condition(f"{self.dialect.identifier(LEASE)} >= {self.dialect.clock()}")

    def encode(self, name: str, value: Any) -> Any:
        """Encode a value as the driver binds it."""
        attribute = self.spec.full_heading[name]
        if value is None:
            return None
        if attribute.codec is not None:
            value = runtime_of(self.connection).codecs.encoder(attribute.codec)(value)
        encode = self.dialect.encoder(attribute)
        return value if encode is None else encode(value)

    def _value(self, name: str, value: Any) -> tuple[str, list[Any]]:
        if isinstance(value, Moment):
            return (
                (self.dialect.clock_after(), [value.seconds]) if value.seconds else (self.dialect.clock(), [])
            )
        if isinstance(value, More):
            return f"{self.dialect.identifier(name)} + 1", []
        return self.dialect.placeholder, [self.encode(name, value)]

    def _where(self, conditions: Sequence[Condition]) -> tuple[str, list[Any]]:
        if not conditions:
            return "", []
        params = [value for condition in conditions for value in condition.params]
        return " WHERE " + " AND ".join(condition.text for condition in conditions), params


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as SQL text with its parameters."""

    text: str
    params: tuple[Any, ...] = ()


def in_chunks(
    keys: Sequence[Mapping[str, Any]], size: int = KEYS_AT_ONCE
) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Cut keys into pieces that fit one statement."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
