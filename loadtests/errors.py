"""The exceptions of the load test, in one tree.

NightjarError
├── InputError   what was given cannot be tested: host, data or artefact; the message says what to do
└── RunError     the test began and did not end properly, so it proves nothing
"""

__all__ = ["InputError", "RunError"]

from function.errors import NightjarError


class InputError(NightjarError):
    """What was given cannot be tested: host, data or artefact."""


class RunError(NightjarError):
    """The test began and did not end properly."""
