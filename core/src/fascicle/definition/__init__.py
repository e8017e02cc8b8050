"""The definition language: text to `TableSpec` and back."""

from fascicle.definition.draft import ParentRef
from fascicle.definition.parser import parse
from fascicle.definition.printer import describe
from fascicle.definition.resolver import (
    default_codec_type,
    fold_unique,
    resolve,
    singleton_attribute,
)
from fascicle.definition.syntax import (
    AttributeItem,
    Definition,
    ForeignKeyItem,
    Hint,
    IndexItem,
    LegacyTypeWarning,
)
from fascicle.definition.types import parse_type, print_type

__all__ = [
    "AttributeItem",
    "Definition",
    "ForeignKeyItem",
    "Hint",
    "IndexItem",
    "LegacyTypeWarning",
    "ParentRef",
    "default_codec_type",
    "describe",
    "fold_unique",
    "parse",
    "parse_type",
    "print_type",
    "resolve",
    "singleton_attribute",
]
