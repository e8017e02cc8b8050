"""The relational algebra: immutable nodes, the operators that make them, and what restricts them."""

from fascicle.query.matching import NamesakeWarning
from fascicle.query.nodes import Node, Queryable, Relation
from fascicle.query.universe import U
from fascicle.query.values import ALL, SQL, AndList, Not, Top

__all__ = ["ALL", "SQL", "AndList", "NamesakeWarning", "Node", "Not", "Queryable", "Relation", "Top", "U"]
