"""Says in plain words what a field of a body must be, from the type that reads it."""

import re
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import UnsetType

from goldpan.contract.resources import ObjectId

_Schema = dict[str, Any]

_SHAPES_OF_TEXT = {
    msgspec.json.schema(ObjectId)["pattern"]: "24 lower-case hex digits",
    r"\S": "not only white space",
}
_NAMES = {
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
    "object": "an object",
}


def rule(field_type: Any, path: str) -> str:
    """Return what the value at `path` within the field must be; msgspec's `[3].name`, or nothing for the field."""
    or_null = ", or null" if not path and _is_cleared_by_null(field_type) else ""
    schema = msgspec.json.schema(field_type)
    definitions = schema.get("$defs", {})
    schema = _resolved(schema, definitions)
    for step in re.findall(r"\[[^]]*]|[^.\[]+", path):
        schema = _resolved(_member(schema, step), definitions)
    return f"must be {_words(schema)}{or_null}"


def _is_cleared_by_null(field_type: Any) -> bool:
    """Tell whether null asks for something that leaving the field out does not: the field has both values."""
    plain = get_args(field_type)[0] if get_origin(field_type) is Annotated else field_type
    return {NoneType, UnsetType} <= set(get_args(plain))


def _resolved(schema: _Schema, definitions: _Schema) -> _Schema:
    """Follow a reference, and leave out that the field may be null: who left it out asks for nothing."""
    if "$ref" in schema:
        return _resolved(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    return _resolved(choices[0], definitions) if len(choices) == 1 else schema


def _member(schema: _Schema, step: str) -> _Schema:
    member: Any = schema.get("items") if step.startswith("[") else schema.get("properties", {}).get(step)
    return member if isinstance(member, dict) else {}


def _words(schema: _Schema) -> str:
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    match schema.get("type"):
        case "string":
            return _words_of_text(schema)
        case "array":
            length = _range(schema.get("minItems"), schema.get("maxItems"))
            return f"a list of {length} {_plural(schema)}" if length else f"a list of {_plural(schema)}"
        case "integer" | "number" as kind:
            return " ".join(filter(None, [_NAMES[kind], _bounds(schema.get("minimum"), schema.get("maximum"))]))
        case kind:
            return _NAMES.get(str(kind), "a value of the type in /openapi.json")


def _words_of_text(schema: _Schema) -> str:
    length = _range(schema.get("minLength"), schema.get("maxLength"))
    shape = _SHAPES_OF_TEXT.get(schema.get("pattern", ""))
    if shape and not length:
        return shape
    text = f"a text of {length} characters" if length else "a text"
    return f"{text}, {shape}" if shape else text


def _plural(schema: _Schema) -> str:
    return "texts" if schema.get("items", {}).get("type") == "string" else "items"


def _range(least: int | None, most: int | None) -> str:
    if least is not None and most is not None:
        return f"{least} to {most}"
    if most is not None:
        return f"at most {most}"
    return f"at least {least}" if least is not None else ""


def _bounds(least: int | None, most: int | None) -> str:
    if least is not None and most is not None:
        return f"from {least} to {most}"
    return f"of {_range(least, most)}" if least is not None or most is not None else ""
