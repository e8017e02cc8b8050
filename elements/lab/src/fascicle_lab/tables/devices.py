"""Devices and their models, rigs with the devices on them over time, acquisition systems, kinds of clocks."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import fascicle as fc
from fascicle.table.dual import dualmethod


class DeviceModel(fc.Lookup):
    """Models of devices."""

    definition = """
    # model of a device
    manufacturer : varchar(64)
    model : varchar(64)
    ---
    kind : varchar(64)             # such as microscope, probe, camera, laser
    description = '' : varchar(1024)
    """


class Device(fc.Lookup):
    """Single devices, as they stand in the lab."""

    definition = """
    # device of the lab
    device : varchar(64)           # name of this one device
    ---
    -> DeviceModel
    serial = null : varchar(64)    # serial number
    lab_note = '' : varchar(1024)
    unique index(manufacturer, model, serial)
    """


class AcquisitionSystem(fc.Lookup):
    """Software and hardware that writes recordings."""

    definition = """
    # system that writes recordings
    acquisition_system : varchar(64)
    ---
    modality : varchar(64)         # what it records
    url = '' : varchar(255)        # where it is described
    """
    contents = (
        ("SpikeGLX", "extracellular electrophysiology", "https://billkarsh.github.io/SpikeGLX"),
        ("Open Ephys", "extracellular electrophysiology", "https://open-ephys.org"),
        ("Intan RHX", "extracellular electrophysiology", "https://intantech.com"),
        ("ScanImage", "two-photon imaging", "https://www.mbfbioscience.com/products/scanimage"),
        ("Scanbox", "two-photon imaging", "https://scanbox.org"),
        ("Prairie View", "two-photon imaging", "https://www.bruker.com"),
        ("NIS-Elements", "imaging", "https://www.nikon.com"),
        ("Miniscope DAQ", "one-photon imaging", "https://github.com/Aharoni-Lab/Miniscope-v4"),
        ("Inscopix", "one-photon imaging", "https://inscopix.com"),
    )


class ClockKind(fc.Lookup):
    """Kinds of clocks on which times are given."""

    definition = """
    # kind of clock on which times are given
    clock_kind : varchar(32)
    ---
    description : varchar(255)
    """
    contents = (
        ("session", "seconds since the session started, by the clock of the host computer"),
        ("acquisition", "sample clock of an acquisition system"),
        ("camera", "frame clock of a camera"),
        ("network", "a computer's clock, kept by network time (NTP or PTP)"),
        ("sync", "edges of a pulse generator that several systems record"),
    )


class Setup(fc.Manual):
    """Rigs: places where sessions happen."""

    definition = """
    # rig
    setup : varchar(64)
    ---
    -> [nullable] Lab
    room = '' : varchar(64)
    description = '' : varchar(1024)
    """

    @dualmethod
    def devices_at(self, moment: dt.datetime) -> Any:
        """Return which devices stood on these rigs at a moment.

        Parameters
        ----------
        moment : datetime
            UTC.

        Returns
        -------
        QueryExpression
            Rows of Installation.
        """
        text = moment.isoformat(" ")
        then = f"installed_utc <= '{text}' and (removed_utc is null or removed_utc > '{text}')"
        return (self.element.Installation & self) & then


def removed_after(installed: dt.datetime | None, removed: dt.datetime | None) -> str | None:
    """Say what is wrong with an installation, ``None`` if nothing is."""
    if installed is None or removed is None or removed > installed:
        return None
    return f"it was removed ({removed}) before it was installed ({installed})"


class Installation(fc.Manual):
    """Devices on rigs, and from when to when they stood there."""

    definition = """
    # device on a rig for some time
    -> Setup
    -> Device
    installation : int16           # counts installations of this device on this rig
    ---
    installed_utc : datetime
    removed_utc = null : datetime  # null while it is there
    place = '' : varchar(255)      # where on the rig, and what for
    """
    agreements: ClassVar = {("installed_utc", "removed_utc"): removed_after}
