"""Names of DataJoint 0.14 that the ecosystem still uses."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

import pytest

import fascicle as dj


@pytest.mark.parity("dj.hash.key_hash", "dj.hash.uuid_from_buffer, uuid_from_file")
def test_hashes(lab: Any, tmp_path: Path) -> None:
    key = lab.Session.keys(order_by="KEY")[1]
    assert dj.hash.key_hash(key) == hashlib.md5(b"21").hexdigest()  # session_id, then subject_id
    assert dj.hash.uuid_from_buffer(b"abc") == uuid.UUID(hashlib.md5(b"abc").hexdigest())
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert dj.hash.uuid_from_file(path) == dj.hash.uuid_from_buffer(b"abc")
    assert dj.hash.uuid_from_file(path, init_string="x") == dj.hash.uuid_from_buffer(b"abc", "x")


@pytest.mark.parity("dj.utils.to_camel_case, from_camel_case", "dj.utils.user_choice", "dj.expression")
def test_utils(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert dj.utils.from_camel_case(type(lab.Session()).__name__) == lab.Session.table_name
    assert dj.utils.to_camel_case("array_ephys") == "ArrayEphys"
    answers = iter(["perhaps", "YES"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    assert dj.utils.user_choice("Proceed?") == "yes"
    monkeypatch.setattr("builtins.input", lambda prompt: "")
    assert dj.utils.user_choice("Proceed?", default="no") == "no"
    assert isinstance(lab.Session * lab.Subject, dj.expression.QueryExpression)
