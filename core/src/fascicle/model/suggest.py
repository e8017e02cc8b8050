"""Did you mean: see `fascicle.suggest`."""

from fascicle.suggest import nearest

__all__ = ["nearest"]
