"""The page on expressions lists what there is, and its samples are understood."""

import re

import pytest

from fascicle.model import Attribute, CoreType, Heading
from fascicle.query.functions import BY_SPELLING
from fascicle.query.parser import parse_expression
from tests.docs.expressions_page import PAGE, written

HEADING = Heading(
    [
        Attribute("x", CoreType("int32"), in_key=True),
        *(Attribute(name, CoreType("date")) for name in ("session_date", "born_on")),
        *(Attribute(name, CoreType("float64")) for name in ("weight_g", "n", "session_id")),
        Attribute("y", CoreType("float64")),
        Attribute("params", CoreType("json")),
    ]
)


def test_the_tables_are_those_of_the_catalogue():
    text = PAGE.read_text("utf-8")
    assert text == written(text), "run: python -m tests.docs.expressions_page"


def test_every_spelling_is_on_the_page():
    text = PAGE.read_text("utf-8")
    assert not [name for name in BY_SPELLING if f"`{name}" not in text]


@pytest.mark.parametrize("sample", re.findall(r'(?:&|=)\s*"([^"]+)"', PAGE.read_text("utf-8")))
def test_samples_are_understood(sample):
    parse_expression(sample, HEADING)


def test_there_are_samples():
    assert len(re.findall(r'(?:&|=)\s*"([^"]+)"', PAGE.read_text("utf-8"))) >= 3
