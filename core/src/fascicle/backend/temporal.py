"""Dates and times brought to the digits and the zone in which databases keep them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

_HALF = {digits: 5 * 10 ** (5 - digits) for digits in range(6)}


def to_utc(value: datetime) -> datetime:
    """Turn an aware instant into naive UTC; naive ones are UTC already."""
    if value.tzinfo is None:
        return value
    return value.astimezone(UTC).replace(tzinfo=None)


def round_datetime(value: datetime, digits: int) -> datetime:
    """Round to `digits` digits of a second, halves up, as all databases shall keep it.

    Raises
    ------
    OverflowError
        If rounding leaves the year 9999.
    """
    value = to_utc(value)
    step = 10 ** (6 - digits)
    if value.microsecond % step == 0:
        return value
    value += timedelta(microseconds=_HALF[digits])
    return value.replace(microsecond=value.microsecond // step * step)


def datetime_text(value: datetime, digits: int) -> str:
    """Write as ``YYYY-MM-DD HH:MM:SS`` with exactly `digits` further digits."""
    value = round_datetime(value, digits)
    if digits == 0:
        return value.isoformat(" ", "seconds")
    return value.isoformat(" ", "microseconds")[: 20 + digits]


def time_text(value: time, digits: int) -> str:
    """Write as ``HH:MM:SS`` with exactly `digits` further digits; the last moment of a day is not rounded up."""
    day = datetime(2000, 1, 1)
    rounded = round_datetime(datetime.combine(day, value.replace(tzinfo=None)), digits)
    if rounded.day != day.day:
        step = 10 ** (6 - digits)
        rounded = datetime.combine(
            day, value.replace(tzinfo=None, microsecond=value.microsecond // step * step)
        )
    return datetime_text(rounded, digits)[11:]


def as_datetime(value: datetime | date | str) -> datetime:
    """Read an instant from what people write for one; a date is its midnight.

    Raises
    ------
    ValueError
        If text is no ISO date or time.
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return datetime.fromisoformat(value)


def as_date(value: date | str) -> date:
    """Read a date; the time of day of an instant is cut off.

    Raises
    ------
    ValueError
        If text is no ISO date.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return datetime.fromisoformat(value).date()
