"""Small Elements that the tests of the machinery bind."""

from __future__ import annotations

from typing import Any

import fascicle as fc


class Animal(fc.Manual):
    """Animals."""

    definition = """
    # an animal
    animal : varchar(16)
    ---
    -> [nullable] Keeper
    born_on = null : date
    """


class Menagerie(fc.Element):
    """Animals and who keeps them."""

    Keeper = fc.TablePort("who keeps animals", optional=True)
    Animal = fc.TableSlot(Animal)


class Visit(fc.Manual):
    """Visits."""

    definition = """
    # a visit of a subject
    -> Subject
    visit : int32
    ---
    -> [nullable] Room
    begun_utc : datetime
    unique index(Subject, begun_utc)
    """

    class Guest(fc.Part):
        """Who came along."""

        definition = """
        # who came along
        -> master
        -> Keeper
        ---
        note = '' : varchar(40)
        """


class Length(fc.Computed):
    """Lengths."""

    definition = """
    # length of the name of a visit's subject
    -> Visit
    ---
    n : int32
    weight_kg = null : float64
    """

    def make(self, key: dict[str, Any]) -> None:
        subject = self.element.Subject
        names = self.element.columns(self.element.Visit, subject)
        row = (subject & {theirs: key[mine] for theirs, mine in names.items()}).fetch1()
        role = self.element.roles("Subject")["label"]
        weight = self.element.roles("Subject")["weight"]
        n = len(row[role]) + self.element.offset() if self.element.offset else len(row[role])
        self.insert1({**key, "n": n, "weight_kg": row[weight] if weight else None})


class Kind(fc.Lookup):
    """Kinds."""

    definition = """
    kind : varchar(16)
    ---
    meaning = '' : varchar(40)
    """
    contents = (("short", "brief"), ("long", ""))


class Extra(fc.Manual):
    """Extras."""

    definition = """
    -> Visit
    -> Kind
    """


class Visits(fc.Element):
    """Visits of subjects."""

    Subject = fc.TablePort("who visits", roles={"label": "varchar", "weight": "float64?"})
    Keeper = fc.TablePort("who comes along", optional=True)
    Room = fc.TablePort("where it takes place", optional=True)
    offset = fc.FunctionPort("what to add to a length", optional=True)
    Visit = fc.TableSlot(Visit)
    Kind = fc.TableSlot(Kind, switch="extras")
    Extra = fc.TableSlot(Extra, switch="extras")
    Length = fc.TableSlot(Length)
