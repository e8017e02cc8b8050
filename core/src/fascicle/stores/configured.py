"""The stores that settings describe, made when they are first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

from fascicle.errors import ConfigError, FascicleError, PluginError, UnknownStoreError
from fascicle.registry import Registry
from fascicle.stores.layout import Layout
from fascicle.stores.protocol import Store
from fascicle.suggest import nearest

T = TypeVar("T")
R = TypeVar("R")

GROUP: Final = "fascicle.stores"
#: Name of the store beside an embedded database, which needs no settings.
EMBEDDED: Final = "local"
_RESERVED: Final = frozenset({"default", "filepath_default"})
_PARALLEL: Final = 8


def store_registry() -> Registry[Any]:
    """Return the kinds of store by protocol, those of installed packages included."""
    return Registry(GROUP, "store protocol", check=_not_a_kind)


def _not_a_kind(loaded: Any) -> str | None:
    return (
        None
        if callable(getattr(loaded, "from_settings", None))
        else "it has no from_settings(name, settings)"
    )


@dataclass(frozen=True, slots=True)
class _Open:
    settings: Mapping[str, Any]
    store: Store
    layout: Layout


def _from_snapshot(settings: dict[str, Any], default: str | None) -> Stores:
    table = {**settings, "default": default or (EMBEDDED if EMBEDDED in settings else None)}
    return Stores(lambda: table)


class Stores(Mapping[str, Store]):
    """Stores by name, as settings describe them; a change of the settings is seen at the next look-up.

    Parameters
    ----------
    settings : callable
        Returns the table ``stores`` of the settings.
    embedded : path, optional
        Folder of the store that an embedded database has without any settings.
    registry : Registry, optional
        Kinds of store; by default those that are installed.
    """

    def __init__(
        self,
        settings: Callable[[], Mapping[str, Any]],
        embedded: Path | None = None,
        registry: Registry[Any] | None = None,
    ) -> None:
        self._settings = settings
        self._embedded = embedded
        self._registry = registry or store_registry()
        self._open: dict[str, _Open] = {}
        self._lock = threading.RLock()
        self._pool: ThreadPoolExecutor | None = None
        self._worker = threading.local()

    def __reduce__(self) -> tuple[Any, ...]:
        # References go to worker processes with the stores as they are described now.
        return _from_snapshot, (
            {name: dict(self._described(name)) for name in self},
            self._settings().get("default"),
        )

    # --- names ---------------------------------------------------------------------------------------------
    def resolve(self, name: str | None, setting: str = "default") -> str:
        """Return the name of a store; that of the default one for an empty name.

        Parameters
        ----------
        name : str or None
        setting : str
            Which default: ``"default"``, or ``"filepath_default"``, which falls back to it.

        Raises
        ------
        UnknownStoreError
            If there is no default.
        """
        if name:
            return name
        settings = self._settings()
        default = settings.get(setting) or settings.get("default")
        if isinstance(default, str) and default:
            return default
        if self._embedded is not None:
            return EMBEDDED
        raise UnknownStoreError(
            "there is no default store",
            why="the database is on a server, which has no folder beside it, and stores.default names none",
            try_='name one in the settings: stores.default = "main", stores.main.protocol = "file", '
            'stores.main.location = "/data/objects"',
        )

    def _described(self, name: str) -> Mapping[str, Any]:
        settings = self._settings()
        spec = settings.get(name) if name not in _RESERVED else None
        if isinstance(spec, Mapping):
            return spec
        if name == EMBEDDED and self._embedded is not None:
            return {"protocol": "file", "location": str(self._embedded)}
        close = nearest(name, self)
        raise UnknownStoreError(
            f"there is no store {name!r}",
            where="settings, table stores",
            why=f"known are {', '.join(self) or 'none'}",
            try_=f"did you mean {' or '.join(map(repr, close))}?"
            if close
            else f'describe it: stores.{name}.protocol = "file", stores.{name}.location = "/data/{name}"',
            store=name,
        )

    def __iter__(self) -> Iterator[str]:
        known = [name for name, spec in self._settings().items() if isinstance(spec, Mapping)]
        if self._embedded is not None and EMBEDDED not in known:
            known.append(EMBEDDED)
        return iter(sorted(known))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return name in list(iter(self))

    # --- stores --------------------------------------------------------------------------------------------
    def __getitem__(self, name: str) -> Store:
        """Return the store of a name (the default one if empty).

        Raises
        ------
        UnknownStoreError
            If the settings describe none.
        ConfigError
            If they describe one that cannot be.
        """
        return self._entry(name).store

    def layout(self, name: str) -> Layout:
        """Return where objects lie in a store."""
        return self._entry(name).layout

    def _entry(self, name: str) -> _Open:
        name = self.resolve(name)
        settings = self._described(name)
        entry = self._open.get(name)
        if entry is not None and entry.settings == settings:
            return entry
        with self._lock:
            entry = self._open.get(name)
            if entry is None or entry.settings != settings:
                entry = _Open(
                    dict(settings), self._made(name, settings), Layout.from_settings(name, settings)
                )
                self._open[name] = entry
            return entry

    def _made(self, name: str, settings: Mapping[str, Any]) -> Store:
        protocol = settings.get("protocol")
        where = f"stores.{name}"
        if not protocol:
            raise ConfigError(
                f"the store {name!r} has no protocol",
                where=where,
                try_=f"one of {', '.join(self._registry)}",
            )
        try:
            kind = self._registry[str(protocol)]
        except PluginError as error:
            raise ConfigError(
                f"the store {name!r} cannot be had: {error.what}", where=where, why=error.why, try_=error.try_
            ) from error
        try:
            return kind.from_settings(name, settings)  # type: ignore[no-any-return]
        except KeyError as error:
            raise ConfigError(
                f"the store {name!r} lacks the setting {error.args[0]!r}",
                where=where,
                try_=f"stores.{name}.{error.args[0]} = ...",
            ) from error

    # --- working in parallel -------------------------------------------------------------------------------
    def parallel(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Apply a function to items in several threads, and yield the results in order.

        Only a bounded number of items is under way at a time.  After an error nothing new is begun, and what was
        begun has ended when the error is raised.
        """
        if getattr(self._worker, "is_one", False):
            # One of our threads waiting for another would wait forever once all of them do.
            yield from map(function, items)
            return
        if self._pool is None:
            with self._lock:
                if self._pool is None:
                    self._pool = self._new_pool()
        pending = iter(items)
        futures = [self._pool.submit(function, item) for item in islice(pending, 2 * _PARALLEL)]
        try:
            while futures:
                result = futures.pop(0).result()
                futures += [self._pool.submit(function, item) for item in islice(pending, 1)]
                yield result
        finally:
            for future in futures:
                future.cancel()
            for future in futures:
                if not future.cancelled():
                    future.exception()

    def _new_pool(self) -> ThreadPoolExecutor:
        def mark() -> None:
            self._worker.is_one = True

        return ThreadPoolExecutor(_PARALLEL, thread_name_prefix="fascicle-store", initializer=mark)

    def close(self) -> None:
        """Close every store and end the threads; the stores open again when they are needed."""
        with self._lock:
            pool, self._pool = self._pool, None
            opened, self._open = list(self._open.values()), {}
        if pool is not None:
            pool.shutdown(wait=True)
        for entry in opened:
            with suppress(FascicleError):
                entry.store.close()
