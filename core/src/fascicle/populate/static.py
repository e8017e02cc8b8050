"""What the text of a make says about its contract, without running it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fascicle.populate.cone import cone_of
from fascicle.populate.forms import has_make
from fascicle.populate.provenance.code import walk_code

if TYPE_CHECKING:
    from fascicle.model import TableName
    from fascicle.populate.tiers import AutoPopulated

WRITING = frozenset(
    {"insert", "insert1", "update1", "delete", "delete_quick", "insert_dataframe", "staged_insert1"}
)


@dataclass(frozen=True)
class ContractFinding:
    """Something that the code of a make names and its contract does not admit.

    Parameters
    ----------
    table : str
        Class whose make it is.
    other : TableName
        The table that it names.
    verb : str
        ``"reads"`` or ``"writes"``.
    """

    table: str
    other: TableName
    verb: str

    def __str__(self) -> str:
        where, remedy = ("its upstream", "refer to it by a foreign key") if self.verb == "reads" else (
            "its own table",
            f"declare writes = ({self.other.class_name},)",
        )  # fmt: skip
        return f"the make of {self.table} {self.verb} {self.other}, which is outside {where}; {remedy}"


def check_make(table: AutoPopulated) -> list[ContractFinding]:
    """Check the code of a make, and the functions of the pipeline that it calls, against its contract.

    Tables count that the code names: classes it refers to directly, through modules, or as parts of others.  What
    is looked up at run time is only seen by the check while make runs.

    Returns
    -------
    list of ContractFinding
        Empty where nothing is wrong, and for classes that do not say how their rows are made.
    """
    if not has_make(type(table)):
        return []
    cone = cone_of(table)
    found = []
    for cls, called in walk_code(type(table)).tables.items():
        binding = cls._binding
        if binding is None or binding.connection is not table.connection:
            continue
        if binding.name not in cone.readable:
            found.append(ContractFinding(type(table).__name__, binding.name, "reads"))
        elif called & WRITING and binding.name not in cone.writable:
            found.append(ContractFinding(type(table).__name__, binding.name, "writes"))
    return sorted(found, key=lambda finding: (str(finding.other), finding.verb))
