"""Coverage-guided fuzzing of the blob reader with atheris.

Run ``python benchmarks/fuzz/blob_target.py`` (``pip install atheris`` first); options of libFuzzer follow, for
example ``-max_total_time=600``. The published vectors are the first corpus. A finding is any exception but
BlobError, a value that cannot be written and read again, more than five seconds, or a gigabyte.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["fascicle.codecs"]):
    from fascicle.codecs.mym import pack, unpack
    from fascicle.errors import BlobError, CodecError

VECTORS = Path(__file__).parents[2] / "core" / "tests" / "codecs" / "data" / "blob-vectors.json"
DEFAULTS = ["-max_total_time=60", "-timeout=5", "-rss_limit_mb=1024", "-max_len=4096"]


def read(data: bytes) -> None:
    """Read bytes; what can be read must be written and read again."""
    try:
        value = unpack(data, max_bytes=1 << 24)
    except BlobError:
        return
    try:
        blob = pack(value)
    except CodecError:
        return  # scipy's matrices, text of lone surrogates: read, never written
    again = pack(unpack(blob))
    if again != blob:
        raise AssertionError(f"a value changes when it is written and read: {blob!r} {again!r}")


def test_one_input(data: bytes) -> None:
    read(data)
    for magic in (b"mYm\0", b"dj0\0"):
        read(magic + data)


def main() -> None:
    with tempfile.TemporaryDirectory() as corpus:
        for name, vector in json.loads(VECTORS.read_text()).items():
            blob = bytes.fromhex(vector["hex"])
            (Path(corpus) / name).write_bytes(blob)
            (Path(corpus) / f"{name}-bare").write_bytes(blob[4:])
        atheris.Setup([sys.argv[0], *DEFAULTS, *sys.argv[1:], corpus], test_one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
