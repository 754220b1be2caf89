"""The exceptions of the conversion, in one tree; each carries the command's exit code.

ConversionError
├── ParityError       1  ONNX and scikit-learn answer differently
├── InputError        2  a file, an option or a value in them is wrong
├── UnsupportedError  3  this estimator, or a part of it, cannot be converted
└── LimitError        4  it takes more time or memory than is allowed

:mod:`model_conversion.cli` prints the message and ends with the code; nothing else does.
"""

__all__ = [
    "SHOWN",
    "ConversionError",
    "InputError",
    "LimitError",
    "ParityError",
    "UnsupportedError",
    "brief",
    "first_line",
]

SHOWN = 200
"""Characters of a library's message repeated to the user."""


class ConversionError(Exception):
    """The conversion stopped; the message says what, where and what to do."""

    exit_code = 2


class ParityError(ConversionError):
    """ONNX and scikit-learn answer differently; nothing was written."""

    exit_code = 1


class InputError(ConversionError):
    """A file, an option or a value in them is wrong."""

    exit_code = 2


class UnsupportedError(ConversionError):
    """This estimator, or a part of it, cannot be converted."""

    exit_code = 3


class LimitError(ConversionError):
    """It takes more time or memory than is allowed."""

    exit_code = 4


def first_line(error: BaseException) -> str:
    """Return what a library's exception says, in one short line; its class if it says nothing."""
    return next(iter(str(error).splitlines()), "")[:SHOWN] or type(error).__name__


def brief(error: BaseException) -> str:
    """Return the class of a library's exception and what it says, in one short line."""
    name, said = type(error).__name__, first_line(error)
    return name if said == name else f"{name}: {said}"
