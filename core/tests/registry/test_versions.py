"""Requirements of plugins on the core."""

import pytest

from fascicle.versions import release, unmet


@pytest.mark.parametrize(
    ("requirement", "installed", "expected"),
    [
        ("fascicle>=0.1,<0.2", "0.1.0", None),
        ("fascicle >=0.1, <0.2", "0.2", ">=0.1, <0.2"),
        ("fascicle (>=9)", "0.1.0", ">=9"),
        ("fascicle[mysql]>=0.1", "0.1.0", None),
        ("fascicle~=1.4", "1.9.2", None),
        ("fascicle~=1.4", "2.0", "~=1.4"),
        ("fascicle~=1.4.2", "1.5.0", "~=1.4.2"),
        ("fascicle==1.2.*", "1.2.7", None),
        ("fascicle==1.2", "1.2.0", None),
        ("fascicle!=1.2", "1.2.0", "!=1.2"),
        ("fascicle>1.9", "1.10", None),
        ("fascicle>=2rc1", "2.0.0", None),
        ("fascicle>=9; extra == 'later'", "0.1", None),
        ("fascicle>=9; python_version >= '3'", "0.1", ">=9"),
        ("fascicle-lab>=9", "0.1", None),
        ("fascicle", "0.1", None),
        ("numpy>=99", "0.1", None),
    ],
)
def test_requirements_on_the_core(requirement, installed, expected):
    assert unmet(["pluggy>=1", requirement], "fascicle", installed) == expected


def test_releases_compare_by_number():
    assert release("1.10") > release("1.9.9")
    assert release("1.0.0") == release("1")
    assert release("2.0.0rc1+local") == release("2")
