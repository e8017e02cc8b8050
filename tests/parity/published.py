"""The public names, methods and arguments of the published package, read from the package itself."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from typing import Any

# Class in the published package -> the word that names it in the registry.
CLASSES = {
    "expression.QueryExpression": "Query",
    "table.Table": "Table",
    "user_tables.Part": "Part",
    "autopopulate.AutoPopulate": "Computed",
    "jobs.Job": "jobs",
    "heading.Heading": "heading",
    "schemas._Schema": "Schema",
    "schemas.VirtualModule": "VirtualModule",
    "connection.Connection": "Connection",
    "instance.Instance": "Instance",
    "expression.U": "U",
    "condition.Top": "Top",
    "condition.AndList": "AndList",
    "codecs.Codec": "Codec",
    "codecs.SchemaCodec": "SchemaCodec",
    "objectref.ObjectRef": "ObjectRef",
    "builtin_codecs.NpyRef": "NpyRef",
    "table.ValidationResult": "ValidationResult",
    "diagram.Diagram": "Diagram",
    "staged_insert.StagedInsert": "StagedInsert",
    "gc.GarbageCollector": "GarbageCollector",
    "storage_adapter.StorageAdapter": "StorageAdapter",
    "spark.SparkAdapter": "SparkAdapter",
}
FUNCTIONS = (
    "conn",
    "list_schemas",
    "virtual_schema",
    "list_codecs",
    "get_codec",
    "get_storage_adapter",
    "cli",
)
# Methods that belong to pydantic's models, not to settings.
_FOREIGN = ("model_", "convert_", "set_logger_level")


def package() -> Any:
    """Import the published package, which warns of settings that are not there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import datajoint
    return datajoint


def _find(package: Any, path: str) -> Any:
    import importlib

    module, _, name = path.partition(".")
    try:
        return getattr(importlib.import_module(f"{package.__name__}.{module}"), name)
    except (ImportError, AttributeError):
        return getattr(package, name, None)


def _arguments(function: Any) -> Iterator[str]:
    """Optional arguments by name; required ones belong to the name of the function itself."""
    for parameter in inspect.signature(function).parameters.values():
        if parameter.default is not inspect.Parameter.empty and not parameter.name.startswith("_"):
            yield parameter.name


def _members(cls: type, word: str) -> Iterator[str]:
    for name, member in vars(cls).items():
        if name == "__init__":
            yield from (f"{word}({argument}=)" for argument in _arguments(member))
        if name.startswith("_") or name == "tier_regexp":
            continue
        yield f"{word}.{name}"
        plain = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if inspect.isfunction(plain):
            yield from (f"{word}.{name}({argument}=)" for argument in _arguments(plain))


def _settings(package: Any) -> Iterator[str]:
    settings = _find(package, "settings.Config")
    for name, member in vars(settings).items():
        if inspect.isfunction(member) and not name.startswith(("_", *_FOREIGN)):
            yield f"config.{name}"
            yield from (f"config.{name}({argument}=)" for argument in _arguments(member))
    for name, field in settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        if inner is None or name == "stores":
            yield f"config.{name}"
        else:
            yield from (f"config.{name}.{setting}" for setting in inner)


def published_names() -> list[str]:
    """Return every public name of the installed package, in the registry's spelling."""
    found = package()
    names = [f"dj.{name}" for name in found.__all__]
    for function in FUNCTIONS:
        names += [f"dj.{function}({argument}=)" for argument in _arguments(getattr(found, function))]
    for path, word in CLASSES.items():
        cls = _find(found, path)
        if cls is not None:
            names += _members(cls, word)
    errors = vars(found.errors).values()
    names += [f"errors.{e.__name__}" for e in errors if inspect.isclass(e) and issubclass(e, Exception)]
    return [*dict.fromkeys([*names, *_settings(found)])]
