"""A value that fits a JSON schema, for whatever nobody wrote an example of."""

from collections.abc import Callable, Mapping
from typing import Any

_Schema = Mapping[str, Any]

_OF_FORMATS = {"date-time": "2026-04-28T15:30:00.000Z"}


def sample(schema: _Schema, components: Mapping[str, _Schema]) -> Any:
    """Return a value of `schema`, the one that it names itself if it does; `components` are the schemas of `$ref`."""
    if "$ref" in schema:
        return sample(components[schema["$ref"].rpartition("/")[2]], components)
    for name in ("examples", "enum"):
        if name in schema:
            return schema[name][0]
    for name in ("example", "const", "default"):
        if name in schema:
            return schema[name]
    if "anyOf" in schema:
        return sample(_first_that_says_something(schema["anyOf"]), components)
    return _OF_TYPES.get(schema.get("type", ""), _nothing)(schema, components)


def _first_that_says_something(choices: list[_Schema]) -> _Schema:
    return next((choice for choice in choices if choice.get("type") != "null"), choices[0])


def _object(schema: _Schema, components: Mapping[str, _Schema]) -> dict[str, Any]:
    required = schema.get("required", ())
    return {name: sample(of, components) for name, of in schema.get("properties", {}).items() if name in required}


def _array(schema: _Schema, components: Mapping[str, _Schema]) -> list[Any]:
    return [sample(schema.get("items", {}), components)] * max(1, schema.get("minItems", 1))


def _string(schema: _Schema, _components: Mapping[str, _Schema]) -> str:
    text = _OF_FORMATS.get(schema.get("format", ""), "text")
    return text.ljust(schema.get("minLength", 0), "-")[: schema.get("maxLength")]


def _number(schema: _Schema, _components: Mapping[str, _Schema]) -> Any:
    return schema.get("minimum", 0)


def _nothing(_schema: _Schema, _components: Mapping[str, _Schema]) -> None:
    return None


_OF_TYPES: Mapping[str, Callable[[_Schema, Mapping[str, _Schema]], Any]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _number,
    "number": _number,
    "boolean": lambda _schema, _components: False,
}
