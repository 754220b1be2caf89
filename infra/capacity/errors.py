"""What can be wrong with what the planner is given."""

__all__ = ["CapacityError", "InputError", "NoPlanError"]

from function.errors import NightjarError


class CapacityError(NightjarError):
    """Base of this package's errors; the message is one sentence with what to do.

    CapacityError
    ├── InputError    a file or a value cannot be used
    └── NoPlanError   no schedule keeps the limits
    """


class InputError(CapacityError):
    """A file or a value cannot be used."""


class NoPlanError(CapacityError):
    """No schedule within the search keeps the limits."""
