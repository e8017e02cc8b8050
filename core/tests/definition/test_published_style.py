"""Definitions in the style of published pipelines are read with the meaning that they always had."""

from __future__ import annotations

from functools import partial

import pytest

from core.tests.definition import tables
from fascicle.definition import describe
from fascicle.errors import DefinitionError
from fascicle.model import CodecRef, CoreType, CurrentTimestamp

declare = partial(tables.declare, warn=False)

PERSON = declare("user : varchar(32)", "person")
SUBJECT = declare(
    """  # an animal in the colony
    subject_id          :int    # institution's number
    ---
    -> [nullable] Person         # who looks after it
    cage_number=null    :smallint unsigned
    date_of_birth       : date  # yyyy-mm-dd
    sex='U'             : enum("M", "F", 'U')
    notes=""            :varchar(2048) # {anything}: e.g. "quiet"
    entry_time=CURRENT_TIMESTAMP :timestamp   # automatic
    """,
    "subject",
    PERSON,
)
SCAN = declare(
    """
    -> Subject
    scan_idx: tinyint
    ----
    filename: varchar(255)		# tabs	too
    um_per_pixel = NULL: blob
    movie: longblob       # the frames
    traces=null: blob@raw-data
    sheet=null : attach@raw
    file       : filepath@raw-data-1   # large
    rate       : float    # [Hz]
    power=1e-4 : float
    objective  : decimal(5,2)
    good=0     : bool
    done       : boolean
    """,
    "_scan",
    SUBJECT,
    allow_new_key_attributes=True,
)


def test_attributes_have_their_meaning():
    heading = SUBJECT.heading
    assert SUBJECT.comment == "an animal in the colony"
    assert heading.comment == SUBJECT.comment
    assert heading["subject_id"].type == CoreType("int32")
    assert heading["cage_number"].type == CoreType("int32")
    assert heading["sex"].type == CoreType("enum", ("M", "F", "U"))
    assert heading["notes"].comment == '{anything}: e.g. "quiet"'
    assert (heading["entry_time"].type, heading["entry_time"].default) == (
        CoreType("datetime"),
        CurrentTimestamp(),
    )
    assert heading["user"].nullable


def test_blobs_and_files_are_codecs():
    heading = SCAN.heading
    assert heading["um_per_pixel"].codec == heading["movie"].codec == CodecRef("blob")
    assert heading["movie"].type == CoreType("bytes")
    assert heading["traces"].codec == CodecRef("blob", "raw-data")
    assert heading["traces"].type == CoreType("json")
    assert heading["sheet"].codec == CodecRef("attach", "raw")
    assert heading["file"].codec == CodecRef("filepath", "raw-data-1")
    assert heading["power"].default == 1e-4
    assert heading["good"].default is False


def test_parts_and_renamed_keys():
    part = declare(
        """ # a field of view

        -> Scan
        field           : smallint
        ---
        -> [nullable] Person.proj(traced_by = 'user')
        -> Person.proj( checked_by='user' )  # twice
        x=null          : double  # [um]
        """,
        "_scan__field",
        PERSON,
        SCAN,
        master=SCAN,
    )
    assert part.comment == "a field of view"
    assert part.heading.primary_key == ["subject_id", "scan_idx", "field"]
    assert [fk.attr_map for fk in part.foreign_keys[1:]] == [{"traced_by": "user"}, {"checked_by": "user"}]
    assert declare(describe(part), "_scan__field", PERSON, master=SCAN) == part


def test_keys_that_meet_under_one_name_by_renaming():
    registered = declare("-> Scan.proj(stack_idx='scan_idx')\n-> Scan", "registered", SCAN)
    pair = declare(
        "-> Registered.proj(scan_idx='stack_idx', other='scan_idx')\n-> Scan", "pair", registered, SCAN
    )
    assert pair.heading.primary_key == ["subject_id", "scan_idx", "other"]
    assert pair.heading["other"].lineage == pair.heading["scan_idx"].lineage == "lab._scan.scan_idx"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("(animal) -> Subject", "proj"),
        ("a : varchar(64532)", "text"),
        ("a = CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP : timestamp", "YYYY-MM-DD"),
    ],
)
def test_what_cannot_be_kept_says_what_to_write(text, advice):
    with pytest.raises(DefinitionError) as caught:
        declare(text, "thing", SUBJECT)
    assert advice in str(caught.value)
