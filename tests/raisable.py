"""Which errors an operation can raise, read from the source: of it, and of every function of ours that it names."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeGuard

from goldpan.contract.error_catalogue import ErrorKind

PRODUCT = Path(__file__).parent.parent / "goldpan"


def surely_raised(operation: Callable[..., Any]) -> set[ErrorKind]:
    """Return what is raised in functions that the operation calls by their name; methods are not followed."""
    return _kinds(operation, follow_methods=False)


def possibly_raised(operation: Callable[..., Any]) -> set[ErrorKind]:
    """Return the same, and what is raised in any method of ours that has the name of one that is called."""
    return _kinds(operation, follow_methods=True)


def _kinds(operation: Callable[..., Any], *, follow_methods: bool) -> set[ErrorKind]:
    found: set[ErrorKind] = set()
    seen: set[Callable[..., Any]] = set()
    waiting = [operation]
    while waiting:
        function = inspect.unwrap(waiting.pop())
        if function in seen or not _is_ours(function):
            continue
        seen.add(function)
        tree = _source(function)
        found |= _named_kinds(tree)
        waiting += _functions_named_in(tree, function.__globals__)
        if follow_methods:
            for name in {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}:
                found |= _kinds_of_methods().get(name, set())
    return found


def _is_ours(function: Callable[..., Any]) -> TypeGuard[FunctionType]:
    """A lambda has no source of its own; what it calls is too little to raise anything."""
    is_named = isinstance(function, FunctionType) and function.__name__ != "<lambda>"
    return is_named and function.__module__.startswith("goldpan.")


@cache
def _source(function: FunctionType) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def _named_kinds(tree: ast.AST) -> set[ErrorKind]:
    """Return the kinds that stand there as the first argument of a Problem."""
    return {
        ErrorKind[node.args[0].attr]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "Problem"
        and node.args
        and isinstance(node.args[0], ast.Attribute)
    }


def _functions_named_in(tree: ast.AST, names: dict[str, Any]) -> Iterator[Callable[..., Any]]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name):
                yield from _functions_in(names.get(name))
            case ast.Attribute(value=ast.Name(id=module), attr=name) if isinstance(names.get(module), ModuleType):
                yield from _functions_in(getattr(names[module], name, None))


def _functions_in(value: Any) -> list[Callable[..., Any]]:
    """Return the function, or those of a table of functions."""
    values = list(value.values()) if isinstance(value, dict) else [value]
    return [function for function in values if isinstance(function, FunctionType)]


@cache
def _kinds_of_methods() -> dict[str, set[ErrorKind]]:
    """Return what each method of ours raises itself, by its name."""
    kinds: dict[str, set[ErrorKind]] = {}
    for path in PRODUCT.rglob("*.py"):
        for owner in ast.walk(ast.parse(path.read_text())):
            for node in owner.body if isinstance(owner, ast.ClassDef) else ():
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    kinds.setdefault(node.name, set()).update(_named_kinds(node))
    return kinds
