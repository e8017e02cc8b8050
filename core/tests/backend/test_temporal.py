"""Moments keep the digits of their column, halves rounded up, in UTC."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fascicle.backend.temporal import as_date, as_datetime, datetime_text, round_datetime, time_text

EPOCH = datetime(1, 1, 1)


@given(
    moment=st.datetimes(max_value=datetime(9999, 12, 31, 23, 59, 58)),
    digits=st.integers(0, 6),
)
def test_rounding_agrees_with_decimal_arithmetic(moment, digits):
    elapsed = moment - EPOCH
    seconds = elapsed.days * 86400 + elapsed.seconds + Decimal(elapsed.microseconds) / 10**6
    expected = seconds.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    rounded = round_datetime(moment, digits) - EPOCH
    assert rounded.days * 86400 + rounded.seconds + Decimal(rounded.microseconds) / 10**6 == expected


@given(moment=st.datetimes(max_value=datetime(9999, 12, 31, 23, 59, 58)), digits=st.integers(0, 6))
def test_text_has_a_fixed_width_and_reads_back(moment, digits):
    text = datetime_text(moment, digits)
    assert len(text) == 19 + (digits + 1 if digits else 0)
    assert datetime.fromisoformat(text) == round_datetime(moment, digits)


@given(moment=st.times(), digits=st.integers(0, 6))
def test_times_stay_within_their_day(moment, digits):
    text = time_text(moment, digits)
    assert len(text) == 8 + (digits + 1 if digits else 0)
    assert abs(_seconds(time.fromisoformat(text)) - _seconds(moment)) <= 10.0**-digits


def _seconds(moment):
    return moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6


def test_aware_instants_become_utc():
    aware = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert datetime_text(aware, 0) == "2025-12-31 23:30:00"
    assert datetime_text(datetime(2026, 1, 1, tzinfo=UTC), 3) == "2026-01-01 00:00:00.000"


def test_what_people_write():
    assert as_datetime("2026-01-02") == datetime(2026, 1, 2)
    assert as_datetime("2026-01-02T03:04") == datetime(2026, 1, 2, 3, 4)
    assert as_datetime(date(2026, 1, 2)) == datetime(2026, 1, 2)
    assert as_date("2026-01-02 10:00:00") == date(2026, 1, 2)
    assert as_date(datetime(2026, 1, 2, 23)) == date(2026, 1, 2)
    with pytest.raises(ValueError, match="yesterday"):
        as_date("yesterday")


def test_the_last_moment_cannot_be_rounded_up():
    with pytest.raises(OverflowError):
        round_datetime(datetime.max, 0)
