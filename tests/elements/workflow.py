"""A workflow in a module of its own, as worker processes import it; its database is named by the environment."""

from __future__ import annotations

import os

import fascicle as fc
from tests.elements.toys import Menagerie, Visits

prefix = os.environ["FASCICLE_TEST_ELEMENTS_PREFIX"]
connection = fc.connect(os.environ["FASCICLE_TEST_ELEMENTS_URL"], config=fc.Config())
zoo = Menagerie(f"{prefix}_zoo", name="zoo")
rig1 = Visits(f"{prefix}_rig1", name="rig1", links={"Subject": fc.link(zoo.Animal, label="animal")})
rig2 = Visits(
    f"{prefix}_rig2",
    name="rig2",
    links={"Subject": fc.link(zoo.Animal, label="animal"), "Keeper": zoo.Animal},
)
pipeline = fc.Pipeline([zoo, rig1, rig2]).activate(connection)
