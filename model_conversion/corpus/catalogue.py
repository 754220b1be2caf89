"""``SUPPORT.md``: what is converted, how exactly and how fast; what is refused, why, and what to take instead."""

__all__ = ["markdown", "share"]

from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from itertools import groupby

from model_conversion.corpus.cases import Case, cases
from model_conversion.corpus.datasets import sample
from model_conversion.corpus.examination import DIFFERS, EXACT, REFUSED, WITHIN, Outcome

HEAD = """\
# What is converted

Written by `make corpus`; do not edit. Every classifier, regressor, clusterer and outlier detector that scikit-learn
{sklearn} lists, the boosters (XGBoost {xgboost}, LightGBM {lightgbm}) and common transformers, each fitted on half
of a real data set, converted by the ordinary road in a process of its own under limits of time and memory, proved
on those rows and on probes, and asked again about the other half, which the proof had not seen.

- **exact**: no other class and no difference above 1e-12 (of a value: relative to the largest one).
- **within tolerance**: no other class and no difference above the conversion's tolerance, 1e-6 or 1e-5; see
  `tolerance_for` in `proof.py`.
- **refused**: nothing is written; the reason and the nearest alternative follow.
- **DIFFERS**: converted and then answered otherwise. {differs}

Rows where two classes are equally probable to 1e-12 are ties and no other class here: the proof refuses a model with
more than one a thousand, and of the rows asked afterwards any number may be ties. A case that ran out of time counts
as refused, so a slow machine refuses more.

Of {claimed} estimators that skl2onnx {skl2onnx} claims to convert, **{converted} are converted on every data set
here ({share:.0%})**; {exact} of those are exact. Over all {total} cases: {counts}.

Classifiers that have no `predict_proba` are served with their decision values, which are no probabilities and are not
called so: there is no base rate beside them and no alarm on their mean. Calibrated they have both.

Times are medians of one run on a machine that did other work too: read them as ratios, not as promises.
"""


def share(outcomes: Mapping[str, Outcome]) -> tuple[list[str], list[str], list[str]]:
    """Return the claimed estimators, those of them that convert in every case, and those of these that are exact.

    Args:
        outcomes: Case name → outcome.
    """
    verdicts: dict[str, list[str]] = {}
    for case in cases():
        if case.claimed and case.name in outcomes:
            verdicts.setdefault(case.estimator, []).append(outcomes[case.name].verdict)
    converted = [name for name, seen in verdicts.items() if set(seen) <= {EXACT, WITHIN}]
    return list(verdicts), converted, [name for name in converted if set(verdicts[name]) == {EXACT}]


def markdown(outcomes: Mapping[str, Outcome], note: str = "") -> str:
    """Return the catalogue.

    Args:
        outcomes: Case name → outcome; cases without one are left out.
        note: How this copy was made, if otherwise than by one run.
    """
    known = [case for case in cases() if case.name in outcomes]
    claimed, converted, exact = share(outcomes)
    counts = Counter(outcomes[case.name].verdict for case in known)
    wrong = counts[DIFFERS]
    text = HEAD.format(
        sklearn=version("scikit-learn"),
        skl2onnx=version("skl2onnx"),
        xgboost=version("xgboost-cpu"),
        lightgbm=version("lightgbm"),
        differs="There is none." if not wrong else f"**{wrong} of them: a defect.**",
        claimed=len(claimed),
        converted=len(converted),
        share=len(converted) / max(1, len(claimed)),
        exact=len(exact),
        total=len(known),
        counts=", ".join(f"{counts[name]} {name}" for name in (EXACT, WITHIN, REFUSED) if counts[name]),
    )
    lines = [text, *([note, ""] if note else []), "## Data", ""]
    lines += [f"- `{name}`: {sample(name).about}" for name in dict.fromkeys(case.data for case in known)]
    absent = [case.name for case in cases() if case.name not in outcomes]
    if absent:
        lines += ["", f"Not examined in this run: {', '.join(absent)}."]
    for chapter, members in groupby(known, key=lambda case: case.kind):
        lines += ["", f"## {chapter.capitalize()}", "", *_table(list(members), outcomes)]
    return "\n".join(lines) + "\n"


def _table(members: Iterable[Case], outcomes: Mapping[str, Outcome]) -> list[str]:
    lines = [
        "| estimator | data | verdict | largest error | KB | load ms | row µs | scikit-learn µs |",
        "|---|---|---|---|---|---|---|---|",
    ]
    refused = []
    for case in members:
        found = outcomes[case.name]
        if found.verdict in {EXACT, WITHIN}:
            lines.append(
                f"| {_named(case)} | {case.data} | {found.verdict} ({found.strategy}) | {found.max_error:.1e} | "
                f"{found.size_bytes / 1000:.1f} | {found.load_ms:.1f} | {found.row_us:.0f} | "
                f"{found.sklearn_row_us:.0f} |"
            )
        else:
            refused.append((case, found))
    if not refused:
        return lines
    body = ["| estimator | data | verdict, because | instead |", "|---|---|---|---|"]
    body += [
        f"| {_named(case)} | {case.data} | {found.verdict}: {_cell(found.reason)} | {found.alternative or '–'} |"
        for case, found in refused
    ]
    return [*(lines if len(lines) > 2 else []), "", *body]


def _named(case: Case) -> str:
    chapters = {"classifiers", "regressors", "clusterers", "outlier detectors"}
    return (
        case.estimator if case.claimed or case.kind not in chapters else f"{case.estimator} (not in skl2onnx)"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
