"""The meaning of a function's source, without what does not matter: comments, layout, names of local variables."""

from __future__ import annotations

import ast
import builtins
import hashlib
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_IGNORED = frozenset({"lineno", "col_offset", "end_lineno", "end_col_offset", "type_comment", "ctx", "kind"})


def parse_source(thing: Any) -> ast.AST | None:
    """Return the syntax tree of a function or class, ``None`` where its source is not to be had."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return None
    return tree.body[0] if tree.body else None


def digest_source(tree: ast.AST) -> str:
    """Digest a syntax tree; the same for sources that mean the same apart from names of local variables."""
    return hashlib.blake2b("\x00".join(_tokens(tree, [])).encode(), digest_size=16).hexdigest()


def digest_code(function: Any) -> str:
    """Digest compiled code, for functions without source."""
    code = getattr(function, "__code__", None)
    if code is None:
        return hashlib.blake2b(repr(function).encode(), digest_size=16).hexdigest()
    parts = (code.co_code, repr(code.co_consts).encode(), repr(code.co_names).encode())
    return hashlib.blake2b(b"\x00".join(parts), digest_size=16).hexdigest()


def references(tree: ast.AST) -> set[tuple[str, ...]]:
    """Return the names from outside that a source uses, each with the attributes taken of it: ``("np", "mean")``."""
    found: set[tuple[str, ...]] = set()
    _collect(tree, frozenset(), found)
    return found


def _collect(node: ast.AST, local: frozenset[str], found: set[tuple[str, ...]]) -> None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        for outside in (*_decorators(node), *_defaults(node.args)):
            _collect(outside, local, found)
        inner = local | frozenset(_locals(node))
        body = node.body if isinstance(node.body, list) else [node.body]
        for statement in body:
            _collect(statement, inner, found)
        return
    chain = _chain(node)
    if chain:
        if chain[0] not in local:
            found.add(chain)
        return
    for child in ast.iter_child_nodes(node):
        _collect(child, local, found)


def _decorators(node: Function) -> list[ast.expr]:
    return [] if isinstance(node, ast.Lambda) else node.decorator_list


def _defaults(args: ast.arguments) -> list[ast.expr]:
    return [*args.defaults, *(default for default in args.kw_defaults if default is not None)]


def _chain(node: ast.AST) -> tuple[str, ...]:
    """Return ``("a", "b")`` for the expression ``a.b``, nothing for others."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ()
    return (node.id, *reversed(names))


# local names -----------------------------------------------------------------------------------------------
def _parameters(args: ast.arguments) -> Iterator[str]:
    for argument in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
        if argument is not None:
            yield argument.arg


def _locals(node: Function) -> set[str]:
    """Names that belong to a function: its parameters, and what it assigns."""
    return {*_parameters(node.args), *_assigned(node)}


def _assigned(node: Function) -> set[str]:
    names: set[str] = set()
    outside: set[str] = set()
    stack: list[ast.AST] = list(node.body) if isinstance(node.body, list) else [node.body]
    while stack:
        item = stack.pop()
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(item.name)
            continue
        if isinstance(item, ast.Lambda):
            continue
        if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store | ast.Del):
            names.add(item.id)
        elif isinstance(item, ast.ExceptHandler) and item.name:
            names.add(item.name)
        elif isinstance(item, ast.Global | ast.Nonlocal):
            outside.update(item.names)
        elif isinstance(item, ast.Import | ast.ImportFrom):
            continue
        stack.extend(ast.iter_child_nodes(item))
    return names - outside


# tokens ----------------------------------------------------------------------------------------------------
def _tokens(node: Any, scopes: list[dict[str, str]]) -> Iterator[str]:
    """Write a tree as a flat sequence; local variables are numbered in the order in which they appear."""
    if isinstance(node, list):
        for item in node:
            yield from _tokens(item, scopes)
        yield "]"
        return
    if not isinstance(node, ast.AST):
        yield f"{type(node).__name__}:{node!r}"
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        scopes = [*scopes, dict.fromkeys(_assigned(node) - set(_parameters(node.args)), "")]
    yield type(node).__name__
    for name, value in _fields(node):
        if isinstance(value, str) and _is_name(node, name):
            yield _renamed(value, scopes)
            continue
        if value is None or value == []:
            continue
        yield name
        yield from _tokens(value, scopes)


def _fields(node: ast.AST) -> Iterator[tuple[str, Any]]:
    for name, value in ast.iter_fields(node):
        if name in _IGNORED or name in ("annotation", "returns", "type_params"):
            continue
        if name == "body" and isinstance(value, list):
            yield name, _without_docstring(node, value)
        else:
            yield name, value


def _without_docstring(node: ast.AST, body: list[Any]) -> list[Any]:
    holders = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
    if not isinstance(node, holders) or not body:
        return body
    first = body[0]
    says = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if says and isinstance(first.value.value, str) else body


def _is_name(node: ast.AST, field: str) -> bool:
    return (isinstance(node, ast.Name) and field == "id") or (
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler)
        and field == "name"
    )


def _renamed(name: str, scopes: list[dict[str, str]]) -> str:
    for depth, scope in enumerate(reversed(scopes)):
        if name in scope:
            if not scope[name]:
                scope[name] = f"local {len(scopes) - depth} {sum(map(bool, scope.values()))}"
            return scope[name]
    return name


def is_builtin(name: str) -> bool:
    """Whether a name is one of Python's own."""
    return hasattr(builtins, name)
