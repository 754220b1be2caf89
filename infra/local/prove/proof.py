"""What the stages of ``make prove`` have in common."""

__all__ = ["ProofError"]

from function.errors import NightjarError


class ProofError(NightjarError):
    """A step did not go as it must."""
