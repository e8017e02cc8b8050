"""Throughput of the blob codec against ``numpy.save``/``load`` in memory and against pickle, in one run.

Run ``python benchmarks/blob.py``. Prints medians in MB/s and ratios (above 1: the blob codec is faster).
"""

from __future__ import annotations

import argparse
import io
import pickle
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from fascicle.codecs.mym import pack, unpack


def median_s(work: Callable[[], object], repeats: int) -> float:
    """Median wall time of one call, in seconds, with as many inner calls as a tenth of a second allows."""
    start = time.perf_counter()
    work()
    inner = max(1, min(1000, int(0.02 / max(time.perf_counter() - start, 1e-7))))
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(inner):
            work()
        times.append((time.perf_counter() - start) / inner)
    return statistics.median(times)


def save(array: np.ndarray[Any, Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def load(data: bytes) -> Any:
    return np.load(io.BytesIO(data), allow_pickle=False)


def arrays() -> dict[str, np.ndarray[Any, Any]]:
    """Arrays by name: noise is what recordings look like to a compressor, the others shrink."""
    rng = np.random.default_rng(0)
    million = 1_000_000
    return {
        "float64 1-D 80 kB": rng.standard_normal(10_000),
        "float64 1-D 8 MB": rng.standard_normal(million),
        "float64 1-D 200 MB": rng.standard_normal(25 * million),
        "float64 F-ordered 8 MB": np.asfortranarray(rng.standard_normal((1000, 1000))),
        "float64 C-ordered 8 MB": rng.standard_normal((1000, 1000)),
        "float64 C-ordered 3-D 16 MB": rng.standard_normal((100, 200, 100)),
        "complex128 1-D 16 MB": rng.standard_normal(2 * million).view(np.complex128),
        "int16 counts 8 MB (shrinks)": rng.normal(0, 30, 4 * million).astype(np.int16),
        "float64 ramp 8 MB (shrinks)": np.arange(million, dtype=float),
        "bool mask 8 MB (shrinks)": rng.random(8 * million) < 0.02,
    }


def nested() -> dict[str, Any]:
    """Nested values of many scalars, by name."""
    rng = np.random.default_rng(1)
    unit = {
        "id": 1,
        "depth_um": 1520.5,
        "label": "good",
        "peaks": [0.1, 0.2, 0.3],
        "kept": True,
        "note": None,
    }
    return {
        "2,000 dicts of 6": [dict(unit, id=k, depth_um=k / 7) for k in range(2000)],
        "100,000 floats": rng.standard_normal(100_000).tolist(),
        "100,000 ints": rng.integers(-(10**6), 10**6, 100_000).tolist(),
        "20,000 strings": [f"unit_{k}" for k in range(20_000)],
        "dict of 200 arrays of 1,000": {f"unit_{k}": rng.standard_normal(1000) for k in range(200)},
    }


def report_arrays(repeats: int) -> None:
    titles = ("pack MB/s", "save", "ratio", "unpack MB/s", "load", "ratio", "view", "stored")
    widths = (11, 9, 7, 13, 9, 7, 11, 8)
    print(f"{'array':30}" + "".join(f"{t:>{w}}" for t, w in zip(titles, widths, strict=True)))
    for name, array in arrays().items():
        mb = array.nbytes / 1e6
        reference = np.asfortranarray if array.ndim > 1 else np.asarray
        blob, file = pack(array), save(reference(array))
        packing = median_s(lambda a=array: pack(a), repeats)
        saving = median_s(lambda a=array, f=reference: save(f(a)), repeats)
        unpacking = median_s(lambda b=blob: unpack(b), repeats)
        loading = median_s(lambda f=file: load(f), repeats)
        viewing = median_s(lambda b=blob: unpack(b, copy=False), repeats)
        print(
            f"{name:30}{mb / packing:11,.0f}{mb / saving:9,.0f}{saving / packing:7.2f}"
            f"{mb / unpacking:13,.0f}{mb / loading:9,.0f}{loading / unpacking:7.2f}{mb / viewing:11,.0f}"
            f"{len(blob) / array.nbytes:8.0%}"
        )


def report_nested(repeats: int) -> None:
    print(f"\n{'nested value':30}{'pack ms':>11}{'pickle':>9}{'unpack ms':>13}{'pickle':>9}")
    for name, value in nested().items():
        blob, pickled = pack(value), pickle.dumps(value)
        times = [
            median_s(lambda v=value: pack(v), repeats),
            median_s(lambda v=value: pickle.dumps(v), repeats),
            median_s(lambda b=blob: unpack(b), repeats),
            median_s(lambda p=pickled: pickle.loads(p), repeats),
        ]
        packing, dumping, unpacking, loading = (1000 * t for t in times)
        print(f"{name:30}{packing:11.2f}{dumping:9.2f}{unpacking:13.2f}{loading:9.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    report_arrays(repeats)
    report_nested(repeats)


if __name__ == "__main__":
    main()
