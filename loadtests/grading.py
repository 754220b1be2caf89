"""One response compared with the known answers of the rows that were sent."""

__all__ = ["Fault", "grade"]

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loadtests.known import Case, KnownAnswers


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a response does not count.

    Attributes:
        kind: ``failed``: there is no answer to compare; ``wrong``: there is, and it differs.
        reason: The same for every occurrence, to count by.
        detail: What was seen and wanted this time; never a feature's value.
    """

    kind: Literal["failed", "wrong"]
    reason: str
    detail: str


def grade(known: "KnownAnswers", cases: "Sequence[Case]", *, status: int, body: bytes) -> Fault | None:
    """Compare a response with what is known.

    Args:
        known: Whose version and tolerance count.
        cases: What was sent, in order.
        status: HTTP status.
        body: Decoded of any transfer or content encoding.

    Returns:
        The first difference, or None when there is none.
    """
    if status != 200:
        return Fault(kind="failed", reason=f"status {status}", detail=_explanation(body))
    try:
        document = json.loads(body)
    except ValueError:
        return _wrong("no JSON", f"{len(body)} bytes that are not JSON")
    if not isinstance(document, dict):
        return _wrong("no object", f"{_kind(document)}, wanted an object")
    version = _member(document.get("model"), "version")
    if version != known.version:
        return _wrong("wrong model version", f"{version!r}, wanted {known.version!r}")
    predictions = document.get("predictions")
    if not isinstance(predictions, list) or len(predictions) != len(cases):
        seen = len(predictions) if isinstance(predictions, list) else "no"
        return _wrong("wrong number of predictions", f"{seen} predictions, wanted {len(cases)}")
    for case, prediction in zip(cases, predictions, strict=True):
        if fault := _compare(case, prediction, known.tolerance):
            return fault
    return None


def _compare(case: "Case", prediction: Any, tolerance: float) -> Fault | None:
    if not isinstance(prediction, dict):
        return _wrong("no object", f"{case.place}: the prediction is {_kind(prediction)}, wanted an object")
    for name, wanted in case.answer.items():
        if not _is_equal(wanted, seen := prediction.get(name), tolerance):
            return _wrong(f"wrong {name}", f"{case.place}: {seen!r}, wanted {wanted!r}")
    if not isinstance(advice := prediction.get("advice"), list):
        return _wrong("wrong advice", f"{case.place}: {_kind(advice)}, wanted an array")
    return None


def _is_equal(wanted: Any, seen: Any, tolerance: float) -> bool:
    if isinstance(wanted, dict):
        return (
            isinstance(seen, dict)
            and seen.keys() == wanted.keys()
            and all(_is_equal(value, seen[name], tolerance) for name, value in wanted.items())
        )
    if isinstance(wanted, float):
        is_number = isinstance(seen, int | float) and not isinstance(seen, bool)
        return is_number and abs(seen - wanted) <= tolerance  # NaN, which compares as false, is never equal
    return type(seen) is type(wanted) and bool(seen == wanted)


def _wrong(reason: str, detail: str) -> Fault:
    return Fault(kind="wrong", reason=reason, detail=detail)


def _explanation(body: bytes) -> str:
    """Return a problem document's title and places, or a gateway's message; not its details, which quote values."""
    try:
        document = json.loads(body)
    except ValueError:
        return f"{len(body)} bytes that are not JSON"
    title = _member(document, "title") or _member(document, "message") or "no explanation"
    errors = _member(document, "errors")
    places = [str(_member(error, "pointer")) for error in errors] if isinstance(errors, list) else []
    return ", ".join([str(title), *places[:3]])


def _member(document: "Mapping[str, Any] | Any", name: str) -> Any:
    return document.get(name) if isinstance(document, dict) else None


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
