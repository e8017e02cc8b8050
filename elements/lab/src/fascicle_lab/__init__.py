"""The Element for laboratories: people, projects, protocols, devices, rigs and anatomy."""

from fascicle_lab.element import Lab

__all__ = ["Lab"]
