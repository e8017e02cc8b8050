"""Tables of a small laboratory, as nodes."""

from __future__ import annotations

from fascicle.model import Attribute, CodecRef, CoreType, Heading, TableName
from fascicle.query.nodes import Relation

INT, TEXT, FLOAT = CoreType("int32"), CoreType("varchar", (32,)), CoreType("float64")


def key(name: str, origin: str, type_: CoreType = INT) -> Attribute:
    """Return a key attribute that starts in the table `origin`."""
    return Attribute(name, type_, True, lineage=f"lab.{origin}.{name}")


def plain(name: str, type_: CoreType = TEXT, **how: object) -> Attribute:
    """Return a nullable attribute without lineage."""
    return Attribute(name, type_, **{"nullable": True, "default": None, **how})  # type: ignore[arg-type]


def table(name: str, *attributes: Attribute) -> Relation:
    """Return a table of the schema ``lab``."""
    return Relation(TableName("lab", name), Heading(attributes))


SUBJECT = table(
    "subject",
    key("subject_id", "subject"),
    plain("species", nullable=False),
    plain("born_on", CoreType("date")),
    plain("notes"),
)
SESSION = table(
    "session",
    key("subject_id", "subject"),
    key("session_id", "session"),
    plain("weight_g", FLOAT),
    plain("rig", lineage="lab.#rig.rig"),
    plain("notes"),
)
SCAN = table(
    "_scan",
    key("subject_id", "subject"),
    key("session_id", "session"),
    key("scan_id", "_scan"),
    plain("depth_um", FLOAT),
    plain("params", CoreType("json")),
    plain("image", CoreType("bytes"), codec=CodecRef("blob")),
)
RIG = table("#rig", key("rig", "#rig", TEXT), plain("room"))
CAGE = table("cage", key("cage_id", "cage"), plain("species", lineage="lab.#species.species"))
BREED = table("breed", key("breed", "breed", TEXT), plain("species", lineage="other.species.species"))
PAIR = table(
    "pair",
    Attribute("mother", INT, True, lineage="lab.subject.subject_id"),
    Attribute("father", INT, True, lineage="lab.subject.subject_id"),
)
SETTINGS = table("settings", plain("theme"))
