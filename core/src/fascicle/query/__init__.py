"""The algebra: immutable nodes, operators that check, and the values that stand in restrictions."""

from fascicle.query.matching import NamesakeWarning
from fascicle.query.universe import U
from fascicle.query.values import ALL, SQL, AndList, Not, Top

__all__ = ["ALL", "SQL", "AndList", "NamesakeWarning", "Not", "Top", "U"]
