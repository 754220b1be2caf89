"""A request body, checked against the contract before the model sees it.

HTTP APIs validate nothing, so the function does. Every problem of a request is reported together, up to a
limit, each with a JSON pointer, what was seen and what is accepted.
"""

__all__ = ["Checked", "Limits", "check", "parse_json"]

import json
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from function.errors import Problem, RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function.contract import Feature, Row, Value

MOST_PROBLEMS = 20
"""Problems reported for one request: enough to mend a client, too few to swell the answer."""

SHOWN = 40
"""Characters of a client's own value repeated to it."""


class Limits(NamedTuple):
    """How much one request may ask.

    Attributes:
        max_instances: Rows in a request.
        max_body_bytes: Bytes of the decoded body.
    """

    max_instances: int
    max_body_bytes: int


class Checked(NamedTuple):
    """The valid rows of a request, and counts for the log (never the values).

    Attributes:
        rows: One dict a row, every feature present, absent ones None.
        nulls: Null or absent answers.
        outside: Answers beyond a feature's range or categories that its contract lets pass.
    """

    rows: "list[Row]"
    nulls: int
    outside: int


class _Problems:
    """Collects problems and stops the check once there are enough."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, pointer: str, detail: str) -> None:
        self.found.append(Problem(pointer, detail))
        if len(self.found) >= MOST_PROBLEMS:
            self.raise_any()

    def raise_any(self) -> None:
        if self.found:
            raise RequestError(422, "The request does not fit the model", tuple(self.found))


def parse_json(body: bytes, limits: Limits) -> Any:
    """Parse a request body strictly: UTF-8, no NaN or Infinity, no key twice in an object.

    Raises:
        RequestError: 413 when it is too large, 400 when it is not such JSON.
    """
    if len(body) > limits.max_body_bytes:
        raise RequestError(
            413,
            "The request is too large",
            (Problem("#", f"the body has {len(body)} bytes, at most {limits.max_body_bytes} are accepted"),),
        )
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except _NotJsonError as error:
        detail = str(error)
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} of the body is not UTF-8"
    except json.JSONDecodeError as error:
        detail = f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    except ValueError:
        detail = "a number in the body has too many digits"
    except RecursionError:
        detail = "the body is nested too deeply"
    raise RequestError(400, "The body is not acceptable JSON", (Problem("#", detail),))


class _NotJsonError(Exception):
    pass


def _refuse_constant(name: str) -> None:
    raise _NotJsonError(f"the body holds {name}, which is not JSON; send null for a missing answer")


def _unique(pairs: "list[tuple[str, Any]]") -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _NotJsonError(f"an object in the body has the key {_shown(key)} twice; send it once")
            seen.add(key)
    return result


def check(body: Any, features: "Sequence[Feature]", limits: Limits) -> Checked:
    """Check a parsed body ``{"instances": [{feature: value, …}, …]}``.

    Raises:
        RequestError: 422 with every problem found, up to 20.
    """
    problems = _Problems()
    if not isinstance(body, dict):
        problems.add("#", f'the body is {_kind(body)}, wanted an object {{"instances": [...]}}')
        problems.raise_any()
    for key in body:
        if key != "instances":
            problems.add(_pointer(key), 'unknown key, wanted only "instances"')
    instances = body.get("instances")
    if not isinstance(instances, list):
        seen = "is missing" if "instances" not in body else f"is {_kind(instances)}"
        problems.add("#/instances", f"{seen}, wanted an array of 1 to {limits.max_instances} objects")
        problems.raise_any()
        raise AssertionError  # raise_any raised
    if not 1 <= len(instances) <= limits.max_instances:
        problems.add("#/instances", f"has {len(instances)} items, wanted 1 to {limits.max_instances}")
        problems.raise_any()
    known = {feature.name for feature in features}
    rows: list[Row] = []
    nulls = outside = 0
    for at, instance in enumerate(instances):
        if not isinstance(instance, dict):
            problems.add(f"#/instances/{at}", f"is {_kind(instance)}, wanted an object of features")
            continue
        row: Row = {}
        for feature in features:
            name = feature.name
            value = instance.get(name)
            if value is None:
                nulls += 1
                if name not in instance:
                    if feature.required:
                        problems.add(
                            _pointer("instances", at, name), f"is missing, wanted {_wanted(feature)}"
                        )
                elif not feature.nullable:
                    problems.add(_pointer("instances", at, name), f"is null, wanted {_wanted(feature)}")
                row[name] = None
                continue
            complaint, value, is_outside = _check_value(value, feature)
            if complaint is not None:
                problems.add(_pointer("instances", at, name), complaint)
            outside += is_outside
            row[name] = value
        if len(instance) > len(known) or not known.issuperset(instance):
            for key in instance:
                if key not in known:
                    wanted = ", ".join(feature.name for feature in features)
                    problems.add(_pointer("instances", at, key), f"unknown feature, wanted one of {wanted}")
        rows.append(row)
    problems.raise_any()
    return Checked(rows, nulls, outside)


def _check_value(value: Any, feature: "Feature") -> "tuple[str | None, Value, bool]":
    """Return the complaint if any, the value as the encoder wants it, and whether it lies outside."""
    kind = feature.kind
    if kind in {"category", "text"}:
        if not isinstance(value, str):
            return f"is {_kind(value)}, wanted {_wanted(feature)}", None, False
        if kind == "category" and value not in feature.categories:
            if feature.outside == "reject":
                return f"is {_shown(value)}, wanted {_wanted(feature)}", None, False
            return _uncarried(value), value, True
        return _uncarried(value), value, False
    if kind == "boolean":
        if not isinstance(value, bool):
            return f"is {_kind(value)}, wanted {_wanted(feature)}", None, False
        return None, value, False
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"is {_kind(value)}, wanted {_wanted(feature)}", None, False
    try:
        finite = isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        return f"is a number beyond double precision, wanted {_wanted(feature)}", None, False
    if kind == "integer":
        if value != int(value):
            return f"is {value!r}, wanted {_wanted(feature)}", None, False
        value = int(value)
    low, high = feature.minimum, feature.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        if feature.outside == "reject" or abs(value) >= 2**63:
            return f"is {value!r}, wanted {_wanted(feature)}", None, False
        return None, value, True
    return None, value, False


def _uncarried(text: str) -> str | None:
    """Say why a string cannot be carried to the model, if it cannot: half a surrogate pair, or a NUL."""
    if "\0" in text:
        return "holds a NUL character, wanted text without one"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half of a surrogate pair, wanted valid Unicode"
    return None


def _wanted(feature: "Feature") -> str:
    match feature.kind:
        case "category":
            wanted = "one of " + ", ".join(json.dumps(c, ensure_ascii=False) for c in feature.categories)
        case "text":
            wanted = "a string"
        case "boolean":
            wanted = "true or false"
        case kind:
            wanted = "a whole number" if kind == "integer" else "a number"
            if feature.outside == "reject" and feature.minimum is not None and feature.maximum is not None:
                wanted += f" from {feature.minimum:g} to {feature.maximum:g}"
            if feature.unit:
                wanted += f" ({feature.unit})"
    return wanted + " or null" if feature.nullable else wanted


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return f"the number {_clipped(_number(value))}"
    if isinstance(value, str):
        return f"the string {_shown(value)}"
    return "an array" if isinstance(value, list) else "an object"


def _number(value: float) -> str:
    try:
        return repr(value)
    except ValueError:  # more digits than Python converts to text
        return "of thousands of digits"


def _shown(text: str) -> str:
    return _clipped(json.dumps(text))


def _clipped(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def _pointer(*parts: str | int) -> str:
    """Return a JSON pointer as a URI fragment (RFC 6901, sections 3 and 6)."""
    from urllib.parse import quote  # only requests with an error pay for this import

    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "#" + "".join("/" + quote(part, safe="~!$&'()*+,;=:@", errors="replace") for part in escaped)
