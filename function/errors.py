"""The exceptions of the function, in one tree.

    NightjarError
    ├── ArtefactError        contract.json or model.onnx is missing, damaged or of another version
    ├── RuntimeLibraryError  onnxruntime refused a call, or is not the locked version
    ├── SelfTestError        the golden rows were answered differently
    ├── RequestError         the client's request is wrong; carries what routes.py needs for problem+json
    └── InternalError        anything else that went wrong while answering

Only :mod:`function.routes` turns an exception into an HTTP status. A ``RequestError`` alone does not reach Lambda,
which counts the others as errors.
"""

__all__ = [
    "ArtefactError",
    "InternalError",
    "NightjarError",
    "Problem",
    "RequestError",
    "RuntimeLibraryError",
    "SelfTestError",
]

from typing import NamedTuple


class NightjarError(Exception):
    """Anything this project raises on purpose; the message names value seen, value wanted and the fix."""


class ArtefactError(NightjarError):
    """The model artefact is missing, damaged, or not the one that was deployed."""


class RuntimeLibraryError(NightjarError):
    """onnxruntime refused a call, or its library is not the locked version."""


class SelfTestError(NightjarError):
    """At least one golden row was answered differently from scikit-learn."""


class Problem(NamedTuple):
    """One thing wrong with a request.

    Attributes:
        pointer: JSON pointer (RFC 6901) as a URI fragment, ``#/instances/0/age``; ``#`` is the whole body.
        detail: What was seen, what is accepted.
    """

    pointer: str
    detail: str


class RequestError(NightjarError):
    """The client's request is wrong.

    Args:
        status: HTTP status, 4xx.
        title: Short and the same for every occurrence of this kind.
        problems: Every problem found, in document order.
        headers: Extra response headers, for example ``Allow``.
    """

    def __init__(
        self,
        status: int,
        title: str,
        problems: tuple[Problem, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        # The problems quote what the client sent; they stay out of the message, so that no log can repeat them.
        super().__init__(f"{status} {title} ({len(problems)} problems)")
        self.status = status
        self.title = title
        self.problems = problems
        self.headers = headers or {}


class InternalError(NightjarError):
    """An unexpected error, stripped of its message: Lambda logs what is raised, and it might quote a value."""
