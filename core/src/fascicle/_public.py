"""Public names that use the default connection, or the frame of their caller."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from fascicle import _default
from fascicle.codecs import Codec, default_registry
from fascicle.config import Config
from fascicle.model import TableName
from fascicle.table import FreeTable as ExplicitFreeTable
from fascicle.table import Schema as ExplicitSchema
from fascicle.table import Table, VirtualModule
from fascicle.table import list_schemas as explicit_list_schemas
from fascicle.table.spawn import class_for

if TYPE_CHECKING:
    from fascicle._default import Connection
    from fascicle.populate.jobs.table import JobTable
    from fascicle.populate.tiers import AutoPopulated

T = TypeVar("T", bound=type[Table])


class Schema(ExplicitSchema):
    """A named set of tables; on the default connection unless another is given.

    Used as a decorator it sees the names of the frame around the class, so that tables declared in a function or a
    notebook may refer to one another.
    """

    def _default_connection(self) -> Connection:
        return _default.connection()

    @property
    def connection(self) -> Connection:
        """Connection on which the schema lives."""
        return cast("Connection", super().connection)

    @property
    def jobs(self) -> list[JobTable]:
        """Job tables of the schema's computed tables, as far as they have been used."""
        from fascicle.populate.jobs.declare import find_job_table  # for those who look at jobs only
        from fascicle.populate.jobs.table import JobTable

        specs = self.catalog().tables.values()
        used = [spec for spec in specs if find_job_table(self.connection, spec) is not None]
        return [JobTable(cast("type[AutoPopulated]", class_for(self.connection, spec))()) for spec in used]

    def __call__(self, cls: T, *, context: Mapping[str, Any] | None = None) -> T:
        """Declare a table class and bind it: the decorator ``@schema``."""
        frame = sys._getframe(1).f_locals
        return self._receive(cls, context, frame)

    def make_classes(self, into: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make classes for declared tables that have none, in the caller's namespace unless another is given."""
        return super().make_classes(sys._getframe(1).f_locals if into is None else into)

    def spawn_missing_classes(self, context: dict[str, Any] | None = None) -> None:
        """Older name of `make_classes`."""
        super().make_classes(sys._getframe(1).f_locals if context is None else context)


schema = Schema  # the name that pipelines written for DataJoint 0.14 use


def conn(
    host: str | None = None,
    user: str | None = None,
    password: str | None = None,
    *,
    reset: bool = False,
    use_tls: bool | dict[str, Any] | None = None,
) -> Connection:
    """Return the default connection, opening it at first need.

    Parameters
    ----------
    host, user, password : str, optional
        Replace those settings before the connection is opened.
    reset : bool
        Close the present default connection and open it again.
    use_tls : bool or dict, optional
        ``True`` demands TLS, ``False`` refuses it, ``None`` tries.

    Returns
    -------
    Connection
    """
    config = _default.current().config
    given = {"host": host, "user": user, "password": password, "use_tls": use_tls}
    _put(config, given)
    changed = any(value is not None for value in given.values())
    return _default.connection(reset=reset or (changed and _default.current().connection is None))


def _put(config: Config, given: Mapping[str, Any]) -> None:
    """Set the parts of a database's address that a caller gives; a server named here takes the place of a URL."""
    for name, value in given.items():
        if value is not None:
            config[f"database.{name}"] = value
    if given["host"] is not None:
        config["database.url"] = None


class FreeTable(ExplicitFreeTable):
    """A table known by its name alone, without a class.

    Parameters
    ----------
    connection : Connection
        May be left out: ``FreeTable("lab.subject")`` is on the default connection.
    full_table_name : str
        ``schema.table``, quoted as SQL writes it or plain.
    """

    def __init__(self, connection: Any, full_table_name: str | TableName | None = None) -> None:
        if full_table_name is None:
            connection, full_table_name = _default.connection(), connection
        super().__init__(connection, full_table_name)


def list_schemas(connection: Connection | None = None) -> list[str]:
    """Return the names of the schemas on a connection (the default one unless given)."""
    return explicit_list_schemas(connection or _default.connection())


class PublicVirtualModule(VirtualModule):
    """A module of table classes made from a schema as it is declared.

    Parameters
    ----------
    module_name : str
    schema_name : str
    create_schema, create_tables : bool
        Create what is missing.
    connection : Connection, optional
        The default one unless given.
    add_objects : dict, optional
        Further names to put into the module.
    """

    def __init__(
        self,
        module_name: str,
        schema_name: str,
        *,
        create_schema: bool = False,
        create_tables: bool = False,
        connection: Connection | None = None,
        add_objects: dict[str, Any] | None = None,
    ) -> None:
        schema = Schema(
            schema_name, connection=connection, create_schema=create_schema, create_tables=create_tables
        )
        super().__init__(module_name, schema, add_objects)


def create_virtual_module(module_name: str, schema_name: str, **options: Any) -> PublicVirtualModule:
    """Older name of `VirtualModule`."""
    return PublicVirtualModule(module_name, schema_name, **options)


def virtual_schema(schema_name: str, **options: Any) -> PublicVirtualModule:
    """Return a virtual module named after its schema."""
    return PublicVirtualModule(schema_name, schema_name, **options)


def list_codecs() -> list[str]:
    """Return the names of the codecs that definitions may use, installed packages' included."""
    return list(default_registry())


def get_codec(name: str) -> Codec:
    """Return the codec of a name.

    Raises
    ------
    CodecError
        If there is none.
    """
    return default_registry().get(name)


class Instance:
    """Settings and a connection of their own, apart from the defaults.

    Parameters
    ----------
    host : str, optional
        URL of a database, or name of a server; by default as the settings say.
    user, password, port, use_tls, backend
        As for `Connection`.
    config : Config, optional
        Settings; by default read anew.
    **settings
        Further settings, dots written as two underscores: ``safemode=False``, ``display__limit=5``.
    """

    def __init__(
        self,
        host: Any = None,
        user: str | None = None,
        password: str | None = None,
        port: int | None = None,
        use_tls: bool | dict[str, Any] | None = None,
        backend: str | None = None,
        *,
        config: Config | None = None,
        **settings: Any,
    ) -> None:
        self.config = config or Config()
        for name, value in settings.items():
            self.config[name.replace("__", ".")] = value
        given = {
            "host": host,
            "user": user,
            "password": password,
            "port": port,
            "backend": backend,
            "use_tls": use_tls,
        }
        if isinstance(host, str) and "://" not in host:
            _put(self.config, given)
            self.connection = _default.connect(None, config=self.config)
        else:
            place = _default.configured_url(self.config) if host is None else host
            self.connection = _default.Connection(place, user, password, port, use_tls, config=self.config)

    def Schema(self, schema_name: str | None = None, **options: Any) -> Schema:  # noqa: N802  (the published name)
        """Make a schema on this instance's connection."""
        return Schema(schema_name, connection=self.connection, **options)

    def FreeTable(self, full_table_name: str) -> Any:  # noqa: N802
        """Return a table by its full name."""
        return ExplicitFreeTable(self.connection, full_table_name)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


# What ``fetch`` of DataJoint 0.14 takes for the primary key.
key = "KEY"
