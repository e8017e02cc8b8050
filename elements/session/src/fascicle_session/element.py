"""The Element: ports and slots only."""

from __future__ import annotations

from pathlib import Path

import fascicle as fc
from fascicle_session.tables import sessions


class Session(fc.Element):
    """Experimental sessions: who, when, where the data are, epochs, notes, clocks."""

    stability = "alpha"
    distribution = "fascicle-session"

    Subject = fc.TablePort("animal, person or preparation that a session is with", roles={"born_on": "date?"})
    Person = fc.TablePort("people who run sessions and write notes", optional=True)
    Project = fc.TablePort("projects to which sessions belong", optional=True)
    Protocol = fc.TablePort("protocols that sessions follow", optional=True)
    Setup = fc.TablePort("rigs on which sessions take place", optional=True)
    ClockKind = fc.TablePort("kinds of clocks", optional=True)
    data_roots = fc.FunctionPort("returns the folder of each root of data on this computer", optional=True)

    Session = fc.TableSlot(sessions.Session)
    Clock = fc.TableSlot(sessions.Clock)
    Epoch = fc.TableSlot(sessions.Epoch)
    Note = fc.TableSlot(sessions.Note)

    def synthetic(self, folder: Path, *, seed: int = 0) -> None:
        """Enter 300 sessions with the subjects that there are, through the CSV templates."""
        from fascicle_session.synthetic import make_sessions

        self.fill(folder, make_sessions(self, seed))
