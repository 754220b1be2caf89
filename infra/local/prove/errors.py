"""What can go wrong in a stage of ``make prove``."""

__all__ = ["ProofError"]

from function.errors import NightjarError


class ProofError(NightjarError):
    """A step did not go as it must."""
