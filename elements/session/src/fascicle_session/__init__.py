"""The Element for experimental sessions: who, when, where the data are, epochs, notes, clocks."""

from fascicle_session.element import Session

__all__ = ["Session"]
