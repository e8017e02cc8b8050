"""Settings: what may be set, where values come from, and the object that holds them."""

from fascicle.config.config import Config, Origin
from fascicle.config.layers import SettingsWarning, UnknownSettingError
from fascicle.config.settings import SETTINGS, Setting

__all__ = ["SETTINGS", "Config", "Origin", "Setting", "SettingsWarning", "UnknownSettingError"]
