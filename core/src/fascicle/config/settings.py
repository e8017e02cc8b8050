"""The settings that exist: name, kind, default, meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

Kind = Literal["text", "url", "int", "float", "bool", "path", "table", "tls"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Parameters
    ----------
    name : str
        Dotted name.
    kind : str
        ``text``, ``url``, ``int``, ``float``, ``bool``, ``path``, ``table`` (free-form) or ``tls`` (bool or
        a table).
    default : Any
        Value where nobody gives one; ``None`` also means that None is admitted.
    help : str
        What it does, for templates and reports.
    choices : tuple of str
        The only values, if there are such.
    low, high : int or None
        Bounds, ends included.
    secret : bool
        Whether its value is never shown.
    aliases : tuple of str
        Further environment variables that give it.
    """

    name: str
    kind: Kind
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    secret: bool = False
    aliases: tuple[str, ...] = field(default=())

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return "FASCICLE_" + self.name.upper().replace(".", "_")

    @property
    def variables(self) -> tuple[str, ...]:
        """Every environment variable that gives it, the first that is set wins."""
        nested = "FASCICLE_" + self.name.upper().replace(".", "__")
        return tuple(dict.fromkeys((self.variable, nested, *self.aliases)))


_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_DATABASE = (
    Setting("database.url", "url", None, "the database: sqlite:///lab.db, mysql://..., postgresql://..."),
    Setting("database.host", "text", None, "server, when no URL is given", aliases=("DJ_HOST",)),
    Setting("database.port", "int", None, "port of the server", low=1, high=65535, aliases=("DJ_PORT",)),
    Setting("database.user", "text", None, "user name", aliases=("DJ_USER",)),
    Setting("database.password", "text", None, "password", secret=True, aliases=("DJ_PASS",)),
    Setting("database.backend", "text", None, "mysql, postgresql or sqlite", aliases=("DJ_BACKEND",)),
    Setting("database.name", "text", None, "database on a PostgreSQL server", aliases=("DJ_DATABASE_NAME",)),
    Setting(
        "database.use_tls",
        "tls",
        None,
        "true, false, or empty: where the server has it",
        aliases=("DJ_USE_TLS",),
    ),
    Setting("database.reconnect", "bool", True, "connect again after a loss, outside transactions"),
    Setting("database.create_tables", "bool", True, "declare missing tables", aliases=("DJ_CREATE_TABLES",)),
    Setting(
        "database.database_prefix", "text", "", "prefix of schema names", aliases=("DJ_DATABASE_PREFIX",)
    ),
    Setting("connection.init_function", "text", None, "SQL run on each new connection"),
    Setting("connection.charset", "text", "", "character set asked of the server"),
)
_DISPLAY = (
    Setting("display.limit", "int", 12, "rows in a preview", low=1),
    Setting("display.width", "int", 14, "characters in a column of a preview", low=1),
    Setting("display.show_tuple_count", "bool", True, "count the rows under a preview"),
    Setting(
        "display.diagram_direction",
        "text",
        "LR",
        "LR: left to right, TB: top to bottom",
        choices=("LR", "TB"),
        aliases=("DJ_DIAGRAM_DIRECTION",),
    ),
    Setting(
        "display.diagram_theme",
        "text",
        "auto",
        "colours of diagrams",
        choices=("auto", "light", "dark"),
        aliases=("DJ_DIAGRAM_THEME",),
    ),
)
_JOBS = (
    Setting(
        "jobs.auto_refresh",
        "bool",
        True,
        "add missing jobs when populating",
        aliases=("DJ_JOBS_AUTO_REFRESH",),
    ),
    Setting(
        "jobs.keep_completed", "bool", False, "keep jobs that succeeded", aliases=("DJ_JOBS_KEEP_COMPLETED",)
    ),
    Setting(
        "jobs.stale_timeout",
        "int",
        3600,
        "seconds after which a pending job is looked at again",
        low=0,
        aliases=("DJ_JOBS_STALE_TIMEOUT",),
    ),
    Setting(
        "jobs.default_priority",
        "int",
        5,
        "priority of new jobs, lower runs earlier",
        low=0,
        high=127,
        aliases=("DJ_JOBS_DEFAULT_PRIORITY",),
    ),
    Setting(
        "jobs.version_method",
        "text",
        None,
        "where the version of the code comes from",
        choices=("git", "none"),
        aliases=("DJ_JOBS_VERSION_METHOD",),
    ),
    Setting("jobs.lease", "float", 60.0, "seconds that a claimed job is held without a heartbeat", low=0.1),
    Setting("jobs.heartbeat", "float", 15.0, "seconds between heartbeats of a worker", low=0.1),
    Setting("jobs.full_refresh", "float", 86400.0, "seconds after which all keys are compared again", low=0),
    Setting("jobs.retries", "int", 0, "times that a failed job is tried again", low=0),
    Setting("jobs.retry_delay", "float", 10.0, "seconds before the first retry; doubles with each", low=0),
    Setting(
        "jobs.allow_new_pk_fields_in_computed_tables",
        "bool",
        False,
        "admit key attributes of computed tables that no foreign key brings",
        aliases=("DJ_JOBS_ALLOW_NEW_PK_FIELDS_IN_COMPUTED_TABLES",),
    ),
    Setting(
        "jobs.add_job_metadata",
        "bool",
        False,
        "give new computed tables hidden columns for time, duration and version",
        aliases=("DJ_JOBS_ADD_JOB_METADATA",),
    ),
)
_GENERAL = (
    Setting("safemode", "bool", True, "show destructive plans and ask"),
    Setting(
        "loglevel", "text", "INFO", "least level of log messages", choices=_LEVELS, aliases=("DJ_LOG_LEVEL",)
    ),
    Setting(
        "log_stream",
        "text",
        "stderr",
        "where log messages go",
        choices=("stderr", "stdout"),
        aliases=("DJ_LOG_STREAM",),
    ),
    Setting("fetch_format", "text", "array", "what fetch() returns", choices=("array", "frame")),
    Setting(
        "contract", "text", "warn", "reads of make outside its upstream", choices=("error", "warn", "off")
    ),
    Setting("query_cache", "path", None, "folder of the read-only query cache"),
    Setting("download_path", "path", ".", "folder where attachments and files arrive"),
    Setting("cache", "path", None, "folder of copies of external objects"),
    Setting("thread_safe", "bool", False, "forbid the default connection", aliases=("DJ_THREAD_SAFE",)),
    Setting("enable_python_native_blobs", "bool", True, "admitted for older programs; always on"),
    Setting("add_hidden_timestamp", "bool", False, "admitted for older programs; tables keep no such column"),
    Setting("filepath_checksum_size_limit", "int", None, "bytes up to which files are hashed", low=0),
    Setting("provenance.record", "bool", True, "keep fingerprints of what computed rows are made of"),
    Setting(
        "provenance.capture", "bool", False, "keep who entered a row", aliases=("DJ_PROVENANCE_CAPTURE",)
    ),
    Setting(
        "provenance.source",
        "table",
        {},
        "outside system named in each row",
        aliases=("DJ_PROVENANCE_SOURCE",),
    ),
    Setting("stores", "table", {}, "object stores by name; stores.default names one", aliases=("DJ_STORES",)),
    Setting("custom", "table", {}, "your own settings"),
    Setting(
        "ignore_config_file",
        "bool",
        False,
        "read neither files nor secrets folders",
        aliases=("DJ_IGNORE_CONFIG_FILE",),
    ),
)

SETTINGS: Final[Mapping[str, Setting]] = MappingProxyType(
    {setting.name: setting for setting in (*_DATABASE, *_DISPLAY, *_JOBS, *_GENERAL)}
)
GROUPS: Final = frozenset(name.rpartition(".")[0] for name in SETTINGS if "." in name)
TABLES: Final = tuple(name for name, setting in SETTINGS.items() if setting.kind == "table")
_SECRET_WORDS: Final = (
    "password",
    "passwd",
    "secret",
    "token",
    "access_key",
    "account_key",
    "connection_string",
)


def is_secret(name: str) -> bool:
    """Whether the value of a setting, or of an entry of a free-form table, is never shown."""
    setting = SETTINGS.get(name)
    return setting.secret if setting else any(word in name.lower() for word in _SECRET_WORDS)


def table_of(name: str) -> tuple[str, str] | None:
    """Split ``stores.raw.location`` into ``("stores", "raw.location")``; None if no free-form table has it."""
    for table in TABLES:
        if name.startswith(table + "."):
            return table, name[len(table) + 1 :]
    return None
