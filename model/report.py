"""Print what training found as tables that a person reads."""

__all__ = ["render"]

from collections.abc import Iterator, Mapping
from typing import Any


def render(metrics: Mapping[str, Any], comparison: Mapping[str, Any]) -> str:
    """Return the tables: figures beside the base rate, and calibration."""
    return "\n".join([*_figures(metrics, comparison), "", *_calibration(metrics), ""])


def _figures(metrics: Mapping[str, Any], comparison: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{metrics['rows']} people, base rate {metrics['base_rate']:.4f}, "
        f"{metrics['folds']}-fold out-of-fold predictions"
    )
    yield f"{'':28}{'AUC':>7}{'sd':>8}{'PR-AUC':>9}{'Brier':>8}{'p > 0.5':>9}"
    shown = {
        "logistic regression": metrics["model"],
        **comparison,
        "always the base rate": metrics["always_base_rate"],
    }
    for name, row in shown.items():
        yield (
            f"{name:28}{row['auc']:7.3f}{row['auc_sd']:8.3f}{row['pr_auc']:9.3f}{row['brier']:8.4f}"
            f"{row['positive_share']:9.1%}"
        )


def _calibration(metrics: Mapping[str, Any]) -> Iterator[str]:
    yield f"{'tenth':>5}{'people':>8}{'predicted':>11}{'observed':>10}"
    for number, decile in enumerate(metrics["calibration"], start=1):
        yield f"{number:5}{decile['rows']:8}{decile['predicted']:11.3f}{decile['observed']:10.3f}"
