"""A request body, checked against the contract before the model sees it.

HTTP APIs validate nothing, so the function does. Every problem of a request is reported together, up to a
limit, each with a JSON pointer, what was seen and what is accepted.
"""

__all__ = ["Checked", "Limits", "Problems", "check", "check_rows", "parse_json", "require_size"]

import json
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from function.errors import Problem, RequestError
from function.wording import clipped, kind_of, pointer, shown, wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from function.contract import Feature, Row, Value

MOST_PROBLEMS = 20
"""Problems reported for one request: enough to mend a client, too few to swell the answer."""


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


class Problems:
    """Collects problems and stops the check once there are enough."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, place: str, detail: str) -> None:
        """Note a problem.

        Raises:
            RequestError: These are as many as are reported.
        """
        self._found.append(Problem(place, detail))
        if len(self._found) >= MOST_PROBLEMS:
            self.raise_any()

    def raise_any(self) -> None:
        """Raise what was found.

        Raises:
            RequestError: 422, at least one problem was.
        """
        if self._found:
            raise RequestError(422, "The request does not fit the model", tuple(self._found))


def require_size(body: bytes, limits: Limits) -> None:
    """Insist on a body within the limit.

    Raises:
        RequestError: 413 when it is too large.
    """
    if len(body) > limits.max_body_bytes:
        detail = f"the body has {len(body)} bytes, at most {limits.max_body_bytes} are accepted"
        raise RequestError(413, "The request is too large", (Problem("#", detail),))


def parse_json(body: bytes, limits: Limits) -> Any:
    """Parse a request body strictly: UTF-8, no NaN or Infinity, no key twice in an object.

    Raises:
        RequestError: 413 when it is too large, 400 when it is not such JSON.
    """
    require_size(body, limits)
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
                raise _NotJsonError(f"an object in the body has the key {shown(key)} twice; send it once")
            seen.add(key)
    return result


def check(body: Any, features: "Sequence[Feature]", limits: Limits) -> Checked:
    """Check a parsed body ``{"instances": [{feature: value, …}, …]}``.

    Raises:
        RequestError: 422 with every problem found, up to 20.
    """
    problems = Problems()
    if not isinstance(body, dict):
        problems.add("#", f'the body is {kind_of(body)}, wanted an object {{"instances": [...]}}')
        problems.raise_any()
    for key in body:
        if key != "instances":
            problems.add(pointer(key), 'unknown key, wanted only "instances"')
    instances = body.get("instances")
    if not isinstance(instances, list):
        seen = "is missing" if "instances" not in body else f"is {kind_of(instances)}"
        problems.add("#/instances", f"{seen}, wanted an array of 1 to {limits.max_instances} objects")
        problems.raise_any()
        raise AssertionError  # raise_any raised
    if not 1 <= len(instances) <= limits.max_instances:
        problems.add("#/instances", f"has {len(instances)} items, wanted 1 to {limits.max_instances}")
        problems.raise_any()
    return check_rows(instances, features, problems, _instance_place)


def check_rows(
    instances: "Sequence[Any]",
    features: "Sequence[Feature]",
    problems: Problems,
    place: "Callable[[int, str | None], str]",
) -> Checked:
    """Check rows of named values against the contract.

    Args:
        instances: What was sent for each row; a dict, if the client is right.
        features: What each may hold.
        problems: Takes what is found, beside what was found before.
        place: Names a row (and a feature of it) as the client wrote it.

    Raises:
        RequestError: 422 with every problem found, up to 20.
    """
    known = {feature.name for feature in features}
    rows: list[Row] = []
    nulls = outside = 0
    for at, instance in enumerate(instances):
        if not isinstance(instance, dict):
            problems.add(place(at, None), f"is {kind_of(instance)}, wanted an object of features")
            continue
        row: Row = {}
        for feature in features:
            name = feature.name
            value = instance.get(name)
            if value is None:
                nulls += 1
                if name not in instance:
                    if feature.required:
                        problems.add(place(at, name), f"is missing, wanted {wanted(feature)}")
                elif not feature.nullable:
                    problems.add(place(at, name), f"is null, wanted {wanted(feature)}")
                row[name] = None
                continue
            complaint, value, is_outside = _check_value(value, feature)
            if complaint is not None:
                problems.add(place(at, name), complaint)
            outside += is_outside
            row[name] = value
        if len(instance) > len(known) or not known.issuperset(instance):
            for key in instance:
                if key not in known:
                    names = ", ".join(feature.name for feature in features)
                    problems.add(place(at, key), f"unknown feature, wanted one of {names}")
        rows.append(row)
    problems.raise_any()
    return Checked(rows, nulls, outside)


def _instance_place(at: int, name: str | None) -> str:
    return pointer("instances", at) if name is None else pointer("instances", at, name)


def _check_value(value: Any, feature: "Feature") -> "tuple[str | None, Value, bool]":
    """Return the complaint if any, the value as the encoder wants it, and whether it lies outside."""
    kind = feature.kind
    if kind in {"category", "text"}:
        if not isinstance(value, str):
            return f"is {kind_of(value)}, wanted {wanted(feature)}", None, False
        if kind == "category" and value not in feature.categories:
            if feature.outside == "reject":
                return f"is {shown(value)}, wanted {wanted(feature)}", None, False
            return _uncarried(value), value, True
        return _uncarried(value), value, False
    if kind == "boolean":
        if not isinstance(value, bool):
            return f"is {kind_of(value)}, wanted {wanted(feature)}", None, False
        return None, value, False
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"is {kind_of(value)}, wanted {wanted(feature)}", None, False
    try:
        finite = isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        return f"is a number beyond double precision, wanted {wanted(feature)}", None, False
    if kind == "integer":
        if value != int(value):
            return f"is {clipped(repr(value))}, wanted {wanted(feature)}", None, False
        value = int(value)
        if abs(value) >= 2**63:
            return f"is {clipped(repr(value))}, wanted {wanted(feature)} of 64 bits", None, False
    low, high = feature.minimum, feature.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        if feature.outside == "reject":
            return f"is {clipped(repr(value))}, wanted {wanted(feature)}", None, False
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
