"""Structs in Thrift's compact protocol, in which a Parquet file describes itself.

Docs: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md (read 2026-11)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Union

_TRUE, _FALSE, _I32, _I64, _BINARY, _LIST, _STRUCT = 1, 2, 5, 6, 8, 9, 12


@dataclass(frozen=True, slots=True)
class Long:
    """A number where the schema says 64 bits; a bare one has 32."""

    number: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """A struct that is bytes already."""

    data: bytes


Value = Union[bool, int, Long, str, Encoded, "Struct", Sequence["Value"]]
Struct = Mapping[int, Value]
"""A struct: its fields by their ids, the smallest first, none more than 15 after the one before."""


def encode_struct(struct: Struct) -> bytes:
    out = bytearray()
    last_id = 0
    for id_, value in struct.items():
        out.append((id_ - last_id) << 4 | _type_of(value))
        out += b"" if isinstance(value, bool) else _encode(value)  # the type of a bool says which
        last_id = id_
    out.append(0)
    return bytes(out)


def varint(number: int) -> bytes:
    """Return an unsigned number, 7 bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _type_of(value: Value) -> int:
    match value:
        case bool():
            return _TRUE if value else _FALSE
        case int():
            return _I32
        case Long():
            return _I64
        case str():
            return _BINARY
        case Encoded() | Mapping():
            return _STRUCT
        case _:
            return _LIST


def _encode(value: Value) -> bytes:
    match value:
        case int():
            return _signed(value)
        case Long(number):
            return _signed(number)
        case str():
            text = value.encode()
            return varint(len(text)) + text
        case Encoded(data):
            return data
        case Mapping():
            return encode_struct(value)
        case _:
            return _encode_list(value)


def _encode_list(values: Sequence[Value]) -> bytes:
    item_type = _type_of(values[0]) if values else _STRUCT
    size = (
        bytes([len(values) << 4 | item_type]) if len(values) < 15 else bytes([0xF0 | item_type]) + varint(len(values))
    )
    return size + b"".join(map(_encode, values))


def _signed(number: int) -> bytes:
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)
