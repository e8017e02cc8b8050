"""Checksums, and how collectors and inserts keep apart."""

from __future__ import annotations

import hashlib
import io
import zlib
from pathlib import Path

import pytest

from fascicle.errors import ChecksumError
from fascicle.stores import LocalStore
from fascicle.stores.checksums import (
    Digest,
    DigestingWriter,
    check_quickly,
    compare,
    digest_of_file,
    digest_of_object,
)
from fascicle.stores.claims import claim, is_claimed, stale_claims
from fascicle.stores.reader import RangeReader

DATA = b"some bytes" * 1000
FACTS = {"size": len(DATA), "hash": hashlib.sha256(DATA).hexdigest(), "crc32": f"{zlib.crc32(DATA):08x}"}


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore("main", tmp_path / "store")


def test_digests_agree_however_they_are_taken(store: LocalStore, tmp_path: Path) -> None:
    store.put("x", DATA)
    (tmp_path / "file").write_bytes(DATA)
    whole = Digest()
    whole.update(DATA)
    pieces = Digest()
    assert b"".join(pieces.through(DATA[n : n + 7] for n in range(0, len(DATA), 7))) == DATA
    writer = DigestingWriter(io.BytesIO())
    writer.write(DATA)
    found = (whole, pieces, writer.digest, digest_of_file(tmp_path / "file"), digest_of_object(store, "x"))
    assert all(digest.facts == FACTS for digest in found)


@pytest.mark.parametrize("name", ["size", "hash", "crc32"])
def test_a_difference_is_an_error(store: LocalStore, name: str) -> None:
    store.put("x", DATA)
    found = digest_of_object(store, "x")
    compare(FACTS, found, "x", store)
    compare({}, found, "x", store)
    with pytest.raises(ChecksumError, match=f"its {name} is"):
        compare({**FACTS, name: 1}, found, "x", store)


def test_quick_checks(store: LocalStore) -> None:
    check_quickly(FACTS, DATA, "x", store)
    check_quickly({}, DATA, "x", store)
    with pytest.raises(ChecksumError, match="CRC-32"):
        check_quickly({"crc32": "00000000"}, DATA, "x", store)
    with pytest.raises(ChecksumError, match="bytes"):
        check_quickly(FACTS, DATA[:-1], "x", store)


def test_claims_are_seen_while_they_last(store: LocalStore) -> None:
    assert not is_claimed(store, "lab", "_hash/lab/x")
    with claim(store, "lab", ["_hash/lab/x"]) as entry:
        assert entry.modified > 0
        assert is_claimed(store, "lab", "_hash/lab/x")
        assert not is_claimed(store, "lab", "_hash/lab/y")
        assert not is_claimed(store, "other", "_hash/lab/x")
        assert len(stale_claims(store, "lab")) == 1
    assert not is_claimed(store, "lab", "_hash/lab/x")
    assert not list(store.entries())


def test_a_claim_that_cannot_be_read_claims_everything(store: LocalStore) -> None:
    store.put("_claims/lab/x.json", b"{")
    assert is_claimed(store, "lab", "anything")


def test_a_range_reader_is_a_stream(store: LocalStore) -> None:
    store.put("x", DATA)
    reader = RangeReader(store, "x", len(DATA))
    assert reader.readable()
    assert reader.seekable()
    assert reader.readall() == DATA
    assert reader.seek(-10, io.SEEK_END) == len(DATA) - 10
    assert reader.seek(-10, io.SEEK_CUR) == len(DATA) - 20
    assert reader.read(5) == DATA[-20:-15]
    with pytest.raises(ValueError, match="before the object"):
        reader.seek(-1)
