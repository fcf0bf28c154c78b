"""Request parameters: form fields become the nested values that Stripe's own request types describe."""

import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, Union

from stripe import RequestOptions

from portal.sandbox.errors import Invalid, Json, unreadable

FIELD = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
PART = re.compile(r"\[([^\[\]]*)\]")
METADATA_KEYS, METADATA_KEY_LENGTH, METADATA_VALUE_LENGTH = 50, 40, 500
LONGEST, LONGEST_EVIDENCE = 5000, 20_000
# How the library writes that a field may be emptied.
EMPTY = Literal[""]
SCALARS = (str, int, float, bool, Decimal)
# Names that the library's request types mention and import for type checkers only.
ONLY_FOR_TYPE_CHECKERS = {"StripeContext": object, "Mapping": Mapping}


def read(fields: Iterable[tuple[str, str]], spec: type, understood: Iterable[str]) -> Json:
    """Check the fields against a request type of the `stripe` package, and turn strings into its types.

    `understood` are the dotted names that the sandbox acts upon. What Stripe takes and the sandbox would silently
    ignore is refused, so that nobody believes in something that did not happen.
    """
    params: Json = _read_object(_nest(fields), spec, "")
    known = set(understood) | {"expand"}
    for name in _leaves(params, ""):
        if not any(name == each or name.startswith(f"{each}.") for each in known):
            raise unreadable(
                name, f"Stripe takes '{name}' here, but this sandbox does nothing with it.", "sandbox_unsupported"
            )
    return params


def _nest(fields: Iterable[tuple[str, str]]) -> Json:
    """`a[b][0]=c` becomes `{"a": {"b": {"0": "c"}}}`; `a[]` counts up by itself."""
    tree: Json = {}
    for field, value in fields:
        shape = FIELD.match(field)
        if shape is None:
            raise unreadable(field, f"'{field}' is not the name of a parameter.", "parameter_unknown")
        path = [shape[1], *PART.findall(shape[2])]
        node = tree
        for part in path[:-1]:
            node = node.setdefault(part or str(len(node)), {})
            if not isinstance(node, dict):
                raise unreadable(field, f"'{field}' is given twice, once plain and once nested.", "parameter_invalid")
        node[path[-1] or str(len(node))] = value
    return tree


def _leaves(value: Any, name: str) -> Iterator[str]:
    """The dotted names in use, without the indexes of lists."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    else:
        yield name


@cache
def _fields_of(spec: type) -> dict[str, Any]:
    """The fields of a request type, less those that the library keeps for itself."""
    hints = typing.get_type_hints(spec, localns=ONLY_FOR_TYPE_CHECKERS)
    options = RequestOptions.__annotations__
    return {name: hint for name, hint in hints.items() if name not in options}


def _read(value: Any, spec: Any, name: str) -> Any:
    origin = typing.get_origin(spec)
    if origin in (Union, types.UnionType):
        return _read_either(value, typing.get_args(spec), name)
    if origin is Literal:
        return _read_choice(value, typing.get_args(spec), name)
    if origin is list:
        return _read_list(value, typing.get_args(spec)[0], name)
    if origin is dict:
        return _read_metadata(value, name)
    if _is_object(spec):
        return _read_object(value, spec, name)
    return _read_scalar(value, spec, name)


def _is_object(spec: Any) -> bool:
    return hasattr(spec, "__required_keys__")


def _read_object(value: Any, spec: Any, name: str) -> Json:
    if not isinstance(value, dict):
        raise unreadable(name, f"'{name}' must be an object.", "parameter_invalid_object")
    fields = _fields_of(spec)
    for key in value:
        if key not in fields:
            unknown = _inside(name, key)
            raise unreadable(unknown, f"'{unknown}' is not a parameter of this request.", "parameter_unknown")
    for key in sorted(spec.__required_keys__ - value.keys() - RequestOptions.__annotations__.keys()):
        raise unreadable(_inside(name, key), f"'{_inside(name, key)}' is missing.", "parameter_missing")
    return {key: _read(inner, fields[key], _inside(name, key)) for key, inner in value.items()}


def _inside(name: str, key: str) -> str:
    return f"{name}[{key}]" if name else key


def _read_list(value: Any, spec: Any, name: str) -> list[Any]:
    if not isinstance(value, dict) or not all(key.isdigit() for key in value):
        raise unreadable(name, f"'{name}' must be a list.", "parameter_invalid_array")
    ordered = sorted(value.items(), key=lambda item: int(item[0]))
    return [_read(inner, spec, f"{name}[{key}]") for key, inner in ordered]


def _read_metadata(value: Any, name: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise unreadable(name, f"'{name}' must be an object.", "parameter_invalid_object")
    if len(value) > METADATA_KEYS:
        raise unreadable(name, f"'{name}' holds at most {METADATA_KEYS} keys.", "parameter_invalid_metadata")
    for key, text in value.items():
        if not isinstance(text, str) or len(key) > METADATA_KEY_LENGTH or len(text) > METADATA_VALUE_LENGTH:
            raise unreadable(
                f"{name}[{key}]",
                f"Keys of '{name}' have at most {METADATA_KEY_LENGTH} characters and values {METADATA_VALUE_LENGTH}.",
                "parameter_invalid_metadata",
            )
    return value


def _read_either(value: Any, arms: tuple[Any, ...], name: str) -> Any:
    """Try the alternatives that fit the value's shape; the last one's complaint is the one reported."""
    closed = any(typing.get_origin(arm) is Literal and arm != EMPTY for arm in arms)
    complaint: Invalid | None = None
    for arm in arms:
        # An enumeration is written with `|str` for values to come; the server knows none of those yet.
        if _is_nested(arm) != isinstance(value, dict) or (closed and arm is str) or (arm == EMPTY and value):
            continue
        try:
            return _read(value, arm, name)
        except Invalid as error:
            complaint = error
    raise complaint or unreadable(name, f"'{name}' does not have the right form.", "parameter_invalid")


def _is_nested(arm: Any) -> bool:
    """Objects, lists and dictionaries, and what the library takes in their place."""
    return arm not in SCALARS and typing.get_origin(arm) is not Literal


def _read_choice(value: Any, choices: tuple[Any, ...], name: str) -> Any:
    if value not in choices:
        shown = ", ".join(str(choice) for choice in choices[:12])
        raise unreadable(name, f"'{name}' must be one of: {shown}.", "parameter_invalid_enum")
    return value


def _read_scalar(value: Any, spec: Any, name: str) -> Any:
    if not isinstance(value, str):
        raise unreadable(name, f"'{name}' must be a single value.", "parameter_invalid_string")
    longest = LONGEST_EVIDENCE if name.startswith("evidence[") else LONGEST
    if len(value) > longest:
        raise unreadable(name, f"'{name}' is longer than {longest} characters.", "parameter_invalid_string_long")
    if spec is bool:
        return _read_choice(value, ("true", "false"), name) == "true"
    if spec is int:
        return _read_integer(value, name)
    if spec in (Decimal, float):
        return _read_number(value, name)
    return value


def _read_integer(value: str, name: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise unreadable(name, f"'{name}' must be a whole number.", "parameter_invalid_integer")
    return int(value)


def _read_number(value: str, name: str) -> float:
    try:
        return float(Decimal(value))
    except InvalidOperation as error:
        raise unreadable(name, f"'{name}' must be a number.", "parameter_invalid_number") from error
