"""The fingerprint of the code that makes a table's rows: its functions, what they call, the packages they use."""

from __future__ import annotations

import hashlib
import inspect
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from fascicle.populate.forms import functions_of
from fascicle.populate.provenance.source import (
    digest_code,
    digest_source,
    is_builtin,
    parse_source,
    references,
)
from fascicle.table.base import Table

if TYPE_CHECKING:
    from fascicle.populate.tiers import AutoPopulated

OWN = "fascicle"
PLAIN = (bool, int, float, complex, str, bytes, type(None))
MOST_PIECES = 2000


@dataclass(frozen=True)
class CodeFingerprint:
    """What the code of a make is made of.

    Parameters
    ----------
    pieces : dict
        Name of each function, class, constant or package to what identifies it.
    """

    pieces: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """One text for all pieces, 32 hexadecimal digits."""
        text = "\n".join(f"{name}={self.pieces[name]}" for name in sorted(self.pieces))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def differences(self, older: Mapping[str, str]) -> list[str]:
        """Say how the code differs from what it was."""
        said = [f"{name} is new" for name in self.pieces if name not in older]
        said += [f"{name} is gone" for name in older if name not in self.pieces]
        for name, value in self.pieces.items():
            if name in older and older[name] != value:
                versions = name.startswith("package ") or len(value) < 32
                said.append(f"{name}: {older[name]} is now {value}" if versions else f"{name} changed")
        return sorted(said)


def fingerprint_code(cls: type[AutoPopulated]) -> CodeFingerprint:
    """Take the fingerprint of the code by which a class makes rows.

    Functions of the pipeline's own packages count by their source, whatever they call in turn; other packages by
    their version; Python's own library and Fascicle do not count.
    """
    return CodeFingerprint(dict(sorted(walk_code(cls).pieces.items())))


def walk_code(cls: type[AutoPopulated]) -> CodeWalk:
    """Follow the code of a make wherever it leads."""
    walk = CodeWalk(cls)
    for function in functions_of(cls):
        walk.add(function)
    return walk


class CodeWalk:
    """Follows references from the functions of a make.

    Attributes
    ----------
    pieces : dict
        What was found, by name.
    tables : dict of type to set of str
        Table classes that the code names, and what it calls on them.
    """

    def __init__(self, cls: type[AutoPopulated]) -> None:
        self.cls = cls
        self.pieces: dict[str, str] = {}
        self.tables: dict[type[Table], set[str]] = {}
        self._root = _top(cls.__module__)
        self._seen: set[int] = set()

    def add(self, thing: Any, name: str = "") -> None:
        """Add a thing that the code refers to, and what it refers to itself."""
        if isinstance(thing, MethodType):
            thing = thing.__func__
        if isinstance(thing, (*PLAIN, tuple, frozenset, list, dict, set)):
            self._add_value(thing, name)
            return
        if id(thing) in self._seen or len(self.pieces) > MOST_PIECES:
            return
        self._seen.add(id(thing))
        if isinstance(thing, ModuleType):
            self._add_package(thing.__name__)
        elif isinstance(thing, type):
            self._add_class(thing)
        elif isinstance(thing, FunctionType):
            self._add_function(inspect.unwrap(thing))
        elif callable(thing) or hasattr(thing, "__wrapped__"):
            self._add_other(thing)
        else:
            self._add_package(type(thing).__module__)

    def _add_value(self, value: Any, name: str) -> None:
        if name:
            self.pieces[f"constant {name}"] = _text_of(value)

    def _add_other(self, thing: Any) -> None:
        wrapped = inspect.unwrap(thing)
        if isinstance(wrapped, FunctionType):
            self.add(wrapped)
            return
        function = getattr(thing, "func", None)  # functools.partial
        if isinstance(function, FunctionType):
            self.add(function)
            bound = [*getattr(thing, "args", ()), getattr(thing, "keywords", {})]
            self._add_value(bound, f"of {function.__qualname__}")
            return
        self._add_package(getattr(thing, "__module__", None) or type(thing).__module__)

    def _add_class(self, cls: type) -> None:
        if issubclass(cls, Table):
            self.tables.setdefault(cls, set())
            return
        if not self._is_own(cls.__module__):
            self._add_package(cls.__module__)
            return
        tree = parse_source(cls)
        name = f"{cls.__module__}.{cls.__qualname__}"
        self.pieces[f"class {name}"] = digest_source(tree) if tree is not None else digest_code(cls)
        if tree is not None:
            module = sys.modules.get(cls.__module__)
            self._follow(tree, {} if module is None else vars(module), cls)

    def _add_function(self, function: FunctionType) -> None:
        if not self._is_own(function.__module__ or ""):
            self._add_package(function.__module__ or "")
            return
        tree = parse_source(function)
        name = f"{function.__module__}.{function.__qualname__}"
        if tree is None:
            self.pieces[f"function {name}"] = digest_code(function)
            return
        self.pieces[f"function {name}"] = digest_source(tree)
        self._follow(tree, _names_of(function), None)

    def _follow(self, tree: Any, names: Mapping[str, Any], cls: type | None) -> None:
        for chain in sorted(references(tree)):
            if chain[0] in names:
                self._resolve(names[chain[0]], chain)
            elif not is_builtin(chain[0]) and cls is not None and hasattr(cls, chain[0]):
                self._resolve(getattr(cls, chain[0]), chain)
        for attribute in sorted(_own_attributes(tree)):
            self._add_attribute(attribute)

    def _resolve(self, thing: Any, chain: tuple[str, ...]) -> None:
        """Follow ``module.function`` as far as it leads through modules."""
        name = chain[0]
        for attribute in chain[1:]:
            if isinstance(thing, type) and issubclass(thing, Table):
                part = vars(thing).get(attribute)
                if isinstance(part, type) and issubclass(part, Table):
                    thing = part
                    continue
                self.tables.setdefault(thing, set()).add(attribute)
                break
            if not isinstance(thing, ModuleType) or not hasattr(thing, attribute):
                break
            self._add_package(thing.__name__)
            thing, name = getattr(thing, attribute), f"{name}.{attribute}"
        self.add(thing, name)

    def _add_attribute(self, name: str) -> None:
        """Add what ``self.name`` means: a method or a constant of the class."""
        owner = next((base for base in self.cls.__mro__ if name in vars(base)), None)
        if owner is None or (_top(owner.__module__) == OWN and not self._is_own(owner.__module__)):
            return
        thing = vars(owner)[name]
        if isinstance(thing, property):
            thing = thing.fget
        function = getattr(thing, "__func__", None) or getattr(thing, "function", None) or thing
        if isinstance(function, type) and issubclass(function, Table):
            return
        self.add(function, f"{self.cls.__qualname__}.{name}")

    def _is_own(self, module: str) -> bool:
        return bool(module) and (_top(module) == self._root or _is_loose(module))

    def _add_package(self, module: str) -> None:
        top = _top(module)
        if (
            not top
            or top in sys.stdlib_module_names
            or top in (OWN, "builtins", "__main__")
            or self._is_own(module)
        ):
            return
        self.pieces[f"package {top}"] = package_version(top)


def _top(module: str) -> str:
    return module.partition(".")[0]


def _is_loose(module: str) -> bool:
    """Whether a module is neither installed nor part of Python: a script or a folder of the pipeline's own."""
    top = _top(module)
    if top in sys.stdlib_module_names or top in (OWN, "builtins"):
        return False
    found = sys.modules.get(module)
    file = getattr(found, "__file__", None)
    if file is None:
        return top == "__main__"
    paths = sysconfig.get_paths()
    return not any(file.startswith(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def package_version(top: str) -> str:
    """Return the version of the package that a module belongs to."""
    import importlib_metadata

    version = getattr(sys.modules.get(top), "__version__", None)
    if isinstance(version, str):
        return version
    try:
        return str(importlib_metadata.version(top))
    except importlib_metadata.PackageNotFoundError:
        return "unknown"


def _names_of(function: FunctionType) -> dict[str, Any]:
    """Names that a function sees around it: of its module, and of the functions it is defined in."""
    names = dict(function.__globals__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            names[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return names


def _own_attributes(tree: Any) -> Iterator[str]:
    """Yield the names that are taken of ``self`` or ``cls``, the first parameter."""
    import ast

    args = getattr(tree, "args", None)
    if args is None or not args.args:
        return
    first = args.args[0].arg
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == first:
            yield node.attr


def _text_of(value: Any) -> str:
    if isinstance(value, PLAIN):
        text = repr(value)
    elif isinstance(value, dict):
        text = "{" + ", ".join(sorted(f"{_text_of(k)}: {_text_of(v)}" for k, v in value.items())) + "}"
    elif isinstance(value, (set, frozenset)):
        text = "{" + ", ".join(sorted(map(_text_of, value))) + "}"
    elif isinstance(value, (list, tuple)):
        text = "[" + ", ".join(map(_text_of, value)) + "]"
    else:
        text = f"<{type(value).__qualname__}>"
    return text if len(text) < 32 else hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def fingerprint_value(value: Any) -> str:
    """Digest parameters that a caller passed; empty for none."""
    if not value:
        return ""
    return hashlib.blake2b(_text_of(value).encode(), digest_size=16).hexdigest()
