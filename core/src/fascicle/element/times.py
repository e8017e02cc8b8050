"""Instants: stored in UTC, read and shown in the time zone of the lab."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from fascicle.element.vocabulary import time_zone


def to_utc(moment: dt.datetime, zone: str | None = None) -> dt.datetime:
    """Return an instant as UTC without a zone, as tables store it.

    Parameters
    ----------
    moment : datetime
        With an offset of its own, or local to `zone`.
    zone : str, optional
        IANA time zone of moments without an offset.

    Returns
    -------
    datetime
        Without a zone.

    Raises
    ------
    ValueError
        If the moment has no offset and no zone is given, or the clocks of the zone showed it twice or never.
    """
    if moment.tzinfo is not None:
        return moment.astimezone(dt.UTC).replace(tzinfo=None)
    if zone is None:
        raise ValueError(
            f"{moment} has no offset from UTC: write it with one (+01:00 or Z), or name its time zone"
        )
    place = ZoneInfo(time_zone(zone))
    first, second = (moment.replace(tzinfo=place, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    if first == second:
        return first.replace(tzinfo=None)
    if first.astimezone(place).replace(tzinfo=None) != moment:
        raise ValueError(f"{moment} never was in {zone}: the clocks were put forward over it")
    raise ValueError(f"{moment} was twice in {zone}, when the clocks were put back: write it with its offset")


def to_local(moment: dt.datetime, zone: str) -> dt.datetime:
    """Return an instant stored in UTC as a moment with the offset of a time zone."""
    return moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(time_zone(zone)))
