"""Named implementations found by entry point: looked up lazily, loaded once, seen as a read-only mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import RLock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from fascicle.errors import FascicleError, PluginError
from fascicle.suggest import nearest

if TYPE_CHECKING:
    from importlib_metadata import EntryPoint

T = TypeVar("T")

#: Packages that bring implementations which the core lacks, by entry-point group and name.
KNOWN_PACKAGES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "fascicle.backends": MappingProxyType(
            {"mysql": "fascicle[mysql]", "mariadb": "fascicle[mysql]", "postgresql": "fascicle[postgres]"}
        ),
        "fascicle.stores": MappingProxyType({"s3": "fascicle-s3"}),
    }
)


class Registry(Mapping[str, T], Generic[T]):
    """Implementations of one kind, by name.

    Installed packages are scanned on first look-up and an implementation is loaded when it is asked for, so
    that one broken package hinders no other.

    Parameters
    ----------
    group : str
        Entry-point group, e.g. ``"fascicle.backends"``.
    what : str
        What is registered, in messages: ``"backend"``.
    check : callable, optional
        Called with each loaded object; returns what is wrong with it, or None.
    packages : mapping, optional
        Name to the package that brings it, for messages; by default `KNOWN_PACKAGES` of the group.
    """

    def __init__(
        self,
        group: str,
        what: str = "plugin",
        *,
        check: Callable[[Any], str | None] | None = None,
        packages: Mapping[str, str] | None = None,
    ) -> None:
        self.group = group
        self.what = what
        self._check = check
        self._packages = KNOWN_PACKAGES.get(group, {}) if packages is None else packages
        self._registered: dict[str, T] = {}
        self._loaded: dict[str, T] = {}
        self._found: dict[str, list[EntryPoint]] | None = None
        self._lock = RLock()

    # mapping -----------------------------------------------------------------------------------------------
    def __getitem__(self, name: str) -> T:
        """Return an implementation, loading it at first need.

        Raises
        ------
        PluginError
            If nobody offers the name, two packages do, or the one that does cannot be loaded.
        """
        with self._lock:
            if name in self._registered:
                return self._registered[name]
            if name not in self._loaded:
                self._loaded[name] = self._load(self._only(name))
            return self._loaded[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return an implementation, `default` if nobody offers it; a broken one still raises."""
        return self[name] if name in self else default  # noqa: SIM401  (this is get)

    def __contains__(self, name: object) -> bool:
        return name in self._registered or name in self._points()

    def __iter__(self) -> Iterator[str]:
        """Names, sorted; nothing is loaded."""
        return iter(sorted({*self._registered, *self._points()}))

    def __len__(self) -> int:
        return len({*self._registered, *self._points()})

    def __repr__(self) -> str:
        return f"<Registry {self.group}: {', '.join(self)}>"

    # registration ------------------------------------------------------------------------------------------
    def register(self, name: str, implementation: T, *, replace: bool = False) -> T:
        """Register an implementation in code; it comes before those of installed packages.

        Parameters
        ----------
        name : str
        implementation : T
        replace : bool
            Whether another one of this name may be replaced.

        Returns
        -------
        T
            The implementation.

        Raises
        ------
        PluginError
            If the name is taken, or the implementation does not pass the check.
        """
        with self._lock:
            known = self._registered.get(name)
            if known is not None and known is not implementation and not replace:
                raise PluginError(
                    f"two {self.what}s are named {name!r}",
                    where=self.group,
                    why=f"{known!r} is registered under this name",
                    try_="give another name, or pass replace=True",
                )
            self._checked(name, implementation, "registered in the program")
            self._registered[name] = implementation
            return implementation

    def unregister(self, name: str) -> None:
        """Forget what was registered in code under a name; nothing happens if there is none."""
        with self._lock:
            self._registered.pop(name, None)

    def refresh(self) -> None:
        """Scan installed packages again at the next look-up."""
        with self._lock:
            self._found = None
            self._loaded.clear()

    # reports -----------------------------------------------------------------------------------------------
    def packages(self) -> dict[str, str]:
        """Name of each implementation and the package, with version, that brings it."""
        points = {name: " and ".join(map(_package, found)) for name, found in self._points().items()}
        return {**points, **dict.fromkeys(self._registered, "registered in the program")}

    def broken(self) -> dict[str, PluginError]:
        """Load every implementation and return the errors of those that cannot be had, by name."""
        errors = {}
        for name in self:
            try:
                self[name]
            except PluginError as error:
                errors[name] = error
        return errors

    # loading -----------------------------------------------------------------------------------------------
    def _points(self) -> Mapping[str, list[EntryPoint]]:
        with self._lock:
            if self._found is None:
                # Imported here: scanning packages costs milliseconds that most programs need not pay.
                from importlib_metadata import entry_points

                found: dict[str, list[EntryPoint]] = {}
                for point in entry_points(group=self.group):
                    same = found.setdefault(point.name, [])
                    if all(point.value != other.value for other in same):
                        same.append(point)
                self._found = found
            return self._found

    def _only(self, name: str) -> EntryPoint:
        points = self._points().get(name, [])
        if not points:
            raise self._unknown(name)
        if len(points) > 1:
            raise PluginError(
                f"several packages bring a {self.what} named {name!r}",
                where=self.group,
                why="; ".join(f"{_package(point)} ({point.value})" for point in points),
                try_="uninstall all but one of them, or register the one that you mean in your program",
            )
        return points[0]

    def _load(self, point: EntryPoint) -> T:
        package = _package(point)
        self._check_core(point)
        try:
            loaded = point.load()
        except FascicleError as error:
            raise self._broken(point, error.what) from error
        except Exception as error:
            raise self._broken(point, f"{type(error).__name__}: {error}") from error
        return self._checked(point.name, loaded, package)

    def _check_core(self, point: EntryPoint) -> None:
        """Refuse a package that asks for another core, before its import fails in some unclear way."""
        from importlib_metadata import PackageNotFoundError, version

        from fascicle.versions import unmet

        try:
            core = version("fascicle")
        except PackageNotFoundError:
            return
        wanted = unmet(point.dist.requires or (), "fascicle", core) if point.dist is not None else None
        if wanted is not None:
            raise PluginError(
                f"the {self.what} {point.name!r} is for another version of fascicle",
                where=_package(point),
                why=f"it needs fascicle {wanted}, and {core} is installed",
                try_="pip install --upgrade fascicle, or install a version of the package that fits",
                name=point.name,
            )

    def _broken(self, point: EntryPoint, why: str) -> PluginError:
        return PluginError(
            f"the {self.what} {point.name!r} cannot be loaded",
            where=f"{_package(point)}, {point.value}",
            why=why,
            try_="upgrade that package, or uninstall it",
            name=point.name,
        )

    def _checked(self, name: str, loaded: Any, package: str) -> T:
        fault = self._check(loaded) if self._check is not None else None
        if fault is not None:
            raise PluginError(
                f"{loaded!r} is no {self.what}", where=f"{package}, {name!r}", why=fault, name=name
            )
        return cast("T", loaded)

    def _unknown(self, name: str) -> PluginError:
        package = self._packages.get(name)
        close = nearest(name, {*self, *self._packages})
        advice = f"pip install '{package}'" if package else None
        if advice is None and close:
            advice = f"did you mean {' or '.join(repr(c) for c in close)}?"
        return PluginError(
            f"there is no {self.what} {name!r}",
            where=self.group,
            why=f"installed are {', '.join(self) or 'none'}",
            try_=advice
            or f"install the package that brings it, or register it: {name!r} is in no entry point",
            name=name,
        )


def _package(point: EntryPoint) -> str:
    dist = point.dist
    return f"{dist.name} {dist.version}" if dist is not None else "an unknown package"


__all__ = ["KNOWN_PACKAGES", "Registry"]
