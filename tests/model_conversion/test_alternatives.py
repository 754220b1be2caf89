"""Nobody is sent from one refusal into another."""

import re
from pathlib import Path

import pytest
from sklearn.cluster import Birch
from sklearn.compose import make_column_transformer
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from model_conversion.alternatives import NAMED, alternative_for, alternative_to

CATALOGUE = (Path(__file__).resolve().parents[2] / "model_conversion/SUPPORT.md").read_text(encoding="utf-8")
ESTIMATOR = re.compile(r"\b(?:[A-Z][a-z]+[A-Z]\w*|[A-Z]{2,}[a-z]\w*|SVR|KMeans)(?:\(\w+\))?")


@pytest.mark.parametrize("name", NAMED)
def test_every_estimator_that_is_named_is_converted(name: str) -> None:
    """In the catalogue, in at least one case and refused in none."""
    for named in ESTIMATOR.findall(NAMED[name]):
        rows = [
            line for line in CATALOGUE.splitlines() if re.match(rf"\| {re.escape(named)}( \+[^|]*)? \|", line)
        ]
        converted = [line for line in rows if re.search(r"\| (exact|within tolerance) \(", line)]
        assert converted, f"{named} is not converted anywhere"


def test_every_refusal_of_the_catalogue_names_one() -> None:
    """Or the refusal is nobody's to mend: no row of the catalogue is left with a dash."""
    assert [
        line[:60] for line in CATALOGUE.splitlines() if "refused: " in line and line.endswith("| – |")
    ] == []


def test_parts_of_a_pipeline_are_looked_at() -> None:
    """Steps, columns, and what hangs together with the estimator at the end."""
    columns = make_column_transformer((KNNImputer(), [0]), (StandardScaler(), [1]))
    columns.fit([[0.0, 1.0], [2.0, 3.0]])
    pipeline = make_pipeline(columns, PowerTransformer(), DecisionTreeClassifier())
    assert alternative_for(pipeline) == (
        f"instead of KNNImputer: {NAMED['KNNImputer']}; "
        f"instead of PowerTransformer + DecisionTreeClassifier: {NAMED['PowerTransformer + DecisionTreeClassifier']}"
    )
    assert alternative_for(Birch()) == f"instead of Birch: {NAMED['Birch']}"
    assert alternative_for(make_pipeline(PowerTransformer(), LogisticRegression())) == ""


def test_a_case_is_looked_up_by_its_first_part() -> None:
    """Its arguments and what stands behind it are left out, unless the two together are known."""
    assert alternative_to("KNNImputer + LogisticRegression") == NAMED["KNNImputer"]
    assert alternative_to("PowerTransformer + DecisionTreeClassifier").startswith("leave it out")
    assert alternative_to("PowerTransformer + LogisticRegression") == ""
    assert alternative_to("NearestCentroid(metric)") == NAMED["NearestCentroid"]
