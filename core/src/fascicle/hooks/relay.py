"""The way to listeners: plugins are looked for at the first call, and one that fails does not silence the others."""

from __future__ import annotations

import warnings
from functools import cache
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from fascicle.errors import FascicleError
from fascicle.registry import Registry

if TYPE_CHECKING:
    import pluggy

GROUP: Final = "fascicle.hooks"
VETO: Final = "before_"


class HookWarning(UserWarning):
    """A plugin that cannot be loaded, or a listener that failed."""


class Relay:
    """Calls listeners by pluggy; fulfils `fascicle.ports.HookRelay`.

    Parameters
    ----------
    plugins : Registry, optional
        Where to find plugins; by default the entry points of ``fascicle.hooks``.
    """

    def __init__(self, plugins: Registry[Any] | None = None) -> None:
        self.plugins = plugins if plugins is not None else Registry(GROUP, "hook plugin")
        self._lock = RLock()
        self._manager: pluggy.PluginManager | None = None

    @property
    def manager(self) -> pluggy.PluginManager:
        """The manager behind it, with every plugin that can be loaded."""
        with self._lock:
            if self._manager is None:
                self._manager = self._load()
            return self._manager

    def _load(self) -> pluggy.PluginManager:
        # Here, not above: `import fascicle` must not pay for a listener that nobody calls.
        import pluggy

        from fascicle.hooks import elements, log, specs

        manager = pluggy.PluginManager(specs.PROJECT)
        manager.add_hookspecs(specs)
        manager.register(log, "fascicle.log")
        manager.register(elements, "fascicle.elements")
        for name in self.plugins:
            try:
                self._register(manager, name, self.plugins[name])
            except FascicleError as error:
                warnings.warn(f"{error}", HookWarning, stacklevel=4)
        return manager

    @staticmethod
    def _register(manager: pluggy.PluginManager, name: str, plugin: object) -> None:
        import pluggy

        manager.register(plugin, name)
        try:
            manager.check_pending()
        except pluggy.PluginValidationError as error:
            manager.unregister(plugin)
            warnings.warn(f"the plugin {name!r} is left out: {error}", HookWarning, stacklevel=5)

    def register(self, plugin: object, name: str | None = None) -> None:
        """Add a listener of this process: any object with methods marked by `hookimpl`."""
        self.manager.register(plugin, name)

    def unregister(self, plugin: object) -> None:
        """Remove a listener."""
        self.manager.unregister(plugin)

    def call(self, hook: str, /, **arguments: Any) -> list[Any]:
        """Call every listener of a hook.

        Returns
        -------
        list
            Results that are not ``None``, the last registered first.

        Raises
        ------
        Exception
            What a listener of a ``before_...`` hook raises; elsewhere it becomes a `HookWarning`.
        """
        caller = getattr(self.manager.hook, hook)
        if hook.startswith(VETO):
            results: list[Any] = caller(**arguments)
            return results
        found = []
        for implementation in reversed(caller.get_hookimpls()):
            try:
                wanted = {name: arguments[name] for name in implementation.argnames}
                result = implementation.function(**wanted)
            except Exception as error:  # noqa: BLE001  (whatever somebody else's listener does)
                what = f"{type(error).__name__}: {error}"
                warnings.warn(
                    f"the listener {implementation.plugin_name!r} failed in {hook}: {what}",
                    HookWarning,
                    stacklevel=2,
                )
            else:
                found += [result] if result is not None else []
        return found


@cache
def relay() -> Relay:
    """Return the relay of this process, which every connection shares."""
    return Relay()
