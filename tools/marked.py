"""Run the tests that carry one mark, and say so where there are none yet.

``python tools/marked.py imaging`` is what the tox environments of optional engines run.
"""

import sys

import pytest


def main(mark: str, *arguments: str) -> int:
    """Run the tests marked `mark` and return the exit status; no such test is a success that says so."""
    status = pytest.main(["-m", mark, *arguments])
    if status == pytest.ExitCode.NO_TESTS_COLLECTED:
        print(
            f"No test is marked {mark!r}: no engine of that kind ships yet, so there is nothing to run here."
        )
        return 0
    return int(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
