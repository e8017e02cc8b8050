"""Frozen values that say what tables are."""

from fascicle.model.attributes import REQUIRED, Attribute, CodecRef, CurrentTimestamp
from fascicle.model.heading import Heading, describe_attribute, unknown_attribute
from fascicle.model.names import TableName, Tier, from_camel_case, split_prefix, to_camel_case
from fascicle.model.spec import Catalog, ForeignKey, Index, TableSpec
from fascicle.model.suggest import nearest
from fascicle.model.types import CoreType

__all__ = [
    "REQUIRED",
    "Attribute",
    "Catalog",
    "CodecRef",
    "CoreType",
    "CurrentTimestamp",
    "ForeignKey",
    "Heading",
    "Index",
    "TableName",
    "TableSpec",
    "Tier",
    "describe_attribute",
    "from_camel_case",
    "nearest",
    "split_prefix",
    "to_camel_case",
    "unknown_attribute",
]
