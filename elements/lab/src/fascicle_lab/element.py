"""The Element: slots only; a lab needs nothing from upstream."""

from __future__ import annotations

from pathlib import Path

import fascicle as fc
from fascicle_lab.tables import anatomy, devices, people


class Lab(fc.Element):
    """Laboratories: people, projects, protocols, devices, rigs and anatomy."""

    stability = "alpha"
    distribution = "fascicle-lab"

    Institution = fc.TableSlot(people.Institution)
    Lab = fc.TableSlot(people.Lab)
    Person = fc.TableSlot(people.Person)
    Protocol = fc.TableSlot(people.Protocol)
    Project = fc.TableSlot(people.Project)
    DeviceModel = fc.TableSlot(devices.DeviceModel)
    Device = fc.TableSlot(devices.Device)
    AcquisitionSystem = fc.TableSlot(devices.AcquisitionSystem)
    ClockKind = fc.TableSlot(devices.ClockKind)
    Setup = fc.TableSlot(devices.Setup)
    Installation = fc.TableSlot(devices.Installation)
    Atlas = fc.TableSlot(anatomy.Atlas)
    BrainRegion = fc.TableSlot(anatomy.BrainRegion)
    CoordinateFrame = fc.TableSlot(anatomy.CoordinateFrame)

    def synthetic(self, folder: Path, *, seed: int = 0) -> None:
        """Enter a lab with six people, two projects and two rigs, through the CSV templates."""
        from fascicle_lab.synthetic import make_lab

        self.fill(folder, make_lab(seed))
