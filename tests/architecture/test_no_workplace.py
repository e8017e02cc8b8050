"""The project speaks of itself alone: no folder of one machine, no address of one registry."""

import re

from tests.architecture.tree import ROOT, tracked_files

FOLDERS = re.compile(r"(?<![\w.${}])/(work|farm|tmp|root|home)/[\w.-]+")
ADDRESSES = re.compile(r"(index-url|find-links|trusted-host)\s*[=\s]", re.IGNORECASE)
NOT_OURS = {"LICENSE"}


def findings(text):
    return [m.group(0) for pattern in (FOLDERS, ADDRESSES) for m in pattern.finditer(text)]


def test_no_file_names_a_place_of_one_machine():
    found = {}
    for path in tracked_files():
        data = path.read_bytes()
        if (
            path.name not in NOT_OURS
            and path != ROOT / "tests/architecture/test_no_workplace.py"
            and b"\0" not in data
        ):
            places = findings(data.decode("utf-8"))
            if places:
                found[path.relative_to(ROOT).as_posix()] = places
    assert found == {}


def test_the_search_finds_what_it_looks_for():
    assert findings("see /work/main and pip --index-url=x") == ["/work/main", "index-url="]
    assert findings("the folder work/main or $HOME/work/x") == []
