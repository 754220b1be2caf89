"""What a gradient booster of another library answers, as plain arrays and a rule."""

__all__ = ["Boosted", "Link", "check_classes"]

from dataclasses import dataclass
from math import nan
from typing import Any, Literal

from model_conversion.errors import UnsupportedError
from model_conversion.trees import Ensemble

type Link = Literal["identity", "sigmoid", "exp", "softmax", "argmax", "step", "softplus", "signed square"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boosted:
    """What a booster answers: ``link(slope * sum of leaves / divisor)``.

    Attributes:
        ensemble: The trees; its ``float32`` also means that the library adds leaves in float32.
        outputs: Sums a row.
        link: From sums to answers; ``argmax`` is softmax with the class decided before it.
        slope: Factor before the link.
        divisor: Number of trees that the sum is averaged over.
        missing: Number that means missing, beside NaN; NaN when there is none.
        zeros_missing: Columns in which 0 means missing.
        codes: Columns that are cut to a whole number and looked up among categories.
    """

    ensemble: Ensemble
    outputs: int
    link: Link
    slope: float = 1.0
    divisor: float = 1.0
    missing: float = nan
    zeros_missing: tuple[int, ...] = ()
    codes: tuple[int, ...] = ()


def check_classes(estimator: Any, outputs: int, link: Link) -> None:
    """Refuse a classifier whose sums are not probabilities of its classes.

    Raises:
        UnsupportedError: The message says what to fit instead.
    """
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return
    wanted = 1 if len(classes) == 2 else len(classes)
    if len(classes) < 2 or outputs != wanted or link not in {"sigmoid", "softmax", "argmax", "step"}:
        raise UnsupportedError(
            f"{type(estimator).__name__} has {len(classes)} classes and {outputs} scores a row ({link}), "
            f"wanted {wanted} that give probabilities; fit it with the library's default objective, one "
            "classifier a label"
        )
