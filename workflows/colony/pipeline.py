"""A pipeline of three Elements: a lab, its animals, and the sessions with them."""

from __future__ import annotations

from pathlib import Path

import fascicle as fc
from fascicle_lab import Lab
from fascicle_session import Session
from fascicle_subject import Subject


def data_roots() -> dict[str, Path]:
    """Return where the roots of data are on this computer."""
    return {"raw": Path("data/raw"), "video": Path("data/video")}


def assemble(prefix: str = "") -> fc.Pipeline:
    """Link the Elements; nothing is declared yet.

    Parameters
    ----------
    prefix : str
        Put in front of the names of all schemas.

    Returns
    -------
    fascicle.Pipeline
    """
    lab = Lab(f"{prefix}lab", name="lab")
    subject = Subject(
        f"{prefix}subject", name="subject", links={"Person": lab.Person, "Protocol": lab.Protocol}
    )
    session = Session(
        f"{prefix}session",
        name="session",
        links={
            "Subject": subject.Subject,
            "Person": lab.Person,
            "Project": lab.Project,
            "Protocol": lab.Protocol,
            "Setup": lab.Setup,
            "ClockKind": lab.ClockKind,
            "data_roots": data_roots,
        },
    )
    return fc.Pipeline([lab, subject, session])


def fill(pipeline: fc.Pipeline, folder: Path) -> None:
    """Fill an empty pipeline with a synthetic lab, its colony and 300 sessions, through CSV templates."""
    for element in pipeline:
        element.synthetic(folder / element.name)
    pipeline.populate()
