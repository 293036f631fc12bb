"""Decoded JSON to the contract's shapes, for answers of servers newer, older or other than ours.

The shapes refuse what they do not name, as a server has to with what it is sent. A client must not: fields that it does
not know are passed over, and what is missing is the field's default, or None.
"""

import types
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin

import msgspec

T = TypeVar("T")
_PLAIN = (str, int, float, bool)


class Misfit(Exception):
    """The value cannot be what it should be."""


def read_shape(shape: type[T], value: Any) -> T:
    """Return `value` as `shape`: a struct of the contract, or a list of them.

    A value of an enumeration that this version does not know stays the text that it is.

    Raises:
        Misfit: it is of another kind.
    """
    return cast(T, _fit(shape, value, "data"))


def _fit(kind: Any, value: Any, where: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _fit(arguments[0], value, where)
    if origin is Union or origin is types.UnionType:
        return None if value is None else _fit(_only(arguments), value, where)
    if origin is list:
        _check(isinstance(value, list), where, value)
        return [_fit(arguments[0], item, f"{where}[{place}]") for place, item in enumerate(value)]
    if origin is dict:
        _check(isinstance(value, dict), where, value)
        return {name: _fit(arguments[1], item, f"{where}.{name}") for name, item in value.items()}
    if origin is Literal:
        _check(isinstance(value, type(arguments[0])), where, value)
        return value
    if issubclass(kind, msgspec.Struct):
        return _fit_struct(kind, value, where)
    return _fit_plain(kind, value, where)


def _fit_struct(kind: type[msgspec.Struct], value: Any, where: str) -> msgspec.Struct:
    _check(isinstance(value, dict), where, value)
    found: dict[str, Any] = {}
    for field in _fields(kind):
        if field.encode_name in value:
            found[field.name] = _fit(field.type, value[field.encode_name], f"{where}.{field.encode_name}")
        elif field.required:
            found[field.name] = None
    return kind(**found)


def _fit_plain(kind: type, value: Any, where: str) -> Any:
    if issubclass(kind, Enum):
        _check(isinstance(value, str), where, value)
        return kind(value) if value in kind._value2member_map_ else value
    _check(kind in _PLAIN, where, value)
    is_number = kind is float and type(value) is int
    _check(is_number or type(value) is kind, where, value)
    return float(value) if is_number else value


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _only(kinds: tuple[Any, ...]) -> Any:
    """Return the one kind of a union that is neither None nor "not there"."""
    (kind,) = [kind for kind in kinds if kind not in (type(None), msgspec.UnsetType)]
    return kind


def _check(holds: bool, where: str, value: Any) -> None:
    if not holds:
        raise Misfit(f"{where} is {type(value).__name__}")
