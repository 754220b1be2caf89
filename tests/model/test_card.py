"""The model card quotes committed figures; each row of its tables is rebuilt from them here."""

from typing import Any

from model.survey import Survey


def test_performance_is_as_measured(card: str, metrics: dict[str, Any], comparison: dict[str, Any]) -> None:
    """Every classifier's row has its figures, the served one and chance included."""
    measured = {
        "**logistic regression** (served)": metrics["model"],
        **comparison,
        "always the base rate": metrics["always_base_rate"],
    }
    for name, row in measured.items():
        assert (
            f"| {name} | {row['auc']:.3f} ± {row['auc_sd']:.3f} | {row['pr_auc']:.3f} | {row['brier']:.4f} "
            f"| {100 * row['positive_share']:.1f} % |\n"
        ) in card


def test_calibration_is_as_measured(card: str, metrics: dict[str, Any]) -> None:
    """Every tenth has its row."""
    for number, row in enumerate(metrics["calibration"], start=1):
        assert f"| {number} | {row['rows']:,} | {row['predicted']:.3f} | {row['observed']:.3f} |\n" in card


def test_what_ifs_are_as_tested(card: str, evidence: dict[str, Any]) -> None:
    """Every candidate has its row, the rejected ones too, and there are no others."""
    for each in evidence["what_ifs"]:
        start = " or ".join(each["values"]) if "values" in each else f"{each['low']} to {each['high']}"
        low, high = each["interval"]
        assert (
            f"| `{each['feature']}` | {start} | {each['to']} | {each['effect']:+.3f} "
            f"| [{low:+.3f}, {high:+.3f}] | {each['rows']:,} | {'yes' if each['supported'] else 'no'} |\n"
        ) in card
    offered = sum(line.endswith(("| yes |", "| no |")) for line in card.splitlines())
    assert offered == len(evidence["what_ifs"])


def test_prose_quotes_the_same_figures(
    card: str, metrics: dict[str, Any], evidence: dict[str, Any], survey: Survey
) -> None:
    """People, base rate and resamples in the sentences agree with the tables."""
    assert f"{metrics['rows']:,} of 13,583 students" in card
    assert f"base rate ({metrics['base_rate']:.0%})".replace("%", " %") in card
    assert f"{evidence['resamples']} resamples" in card
    assert f"{metrics['folds']}-fold" in card
    assert metrics["rows"] == len(survey.target)
