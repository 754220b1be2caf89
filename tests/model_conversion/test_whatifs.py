"""``evidence``: what-ifs of any model measured, what cannot be measured refused, the example's measured again."""

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from skops import io

from model_conversion.cli import main
from model_conversion.errors import InputError, UnsupportedError
from model_conversion.evidence import load_evidence, supported
from model_conversion.material import Request
from model_conversion.schema import load_schema
from model_conversion.whatifs import HEADER, Measurement, measure_what_ifs

ROWS = 300
HOURS = """
[[features]]
name = "hours"
kind = "number"
nullable = true
what_ifs = [
  { low = 0, high = 2, to = 8, text = "more hours" },
  { low = 7, high = 10, to = 1, text = "fewer hours" },
]
"""
SMOKES = """
[[features]]
name = "smokes"
kind = "boolean"
what_ifs = [{ values = [true], to = false, text = "stop" }]
"""
PLACE = """
[[features]]
name = "place"
kind = "category"
what_ifs = [{ values = ["town", "city"], to = "sea", text = "move" }]
"""


def people(seed: int = 0) -> pd.DataFrame:
    """Return rows whose target rises by 0.5 an hour, falls by 2 with smoking, and is 3 higher at the sea."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "hours": random.uniform(0, 10, ROWS).round(2),
            "smokes": random.integers(2, size=ROWS).astype(float),
            "place": random.choice(["sea", "town", "city"], size=ROWS).astype(object),
        }
    )
    noise = random.normal(0, 0.3, ROWS)
    frame["y"] = 0.5 * frame["hours"] - 2 * frame["smokes"] + 3 * (frame["place"] == "sea") + noise
    return frame


def asked(folder: Path, estimator: Any, frame: pd.DataFrame, schema: str) -> Request:
    """Save estimator, data and schema."""
    io.dump(estimator, folder / "m.skops")
    written = frame.assign(smokes=frame["smokes"] == 1) if "smokes" in frame else frame
    written.to_csv(folder / "d.csv", index=False)
    (folder / "s.toml").write_text(schema)
    return Request(
        model=folder / "m.skops",
        data=folder / "d.csv",
        schema=folder / "s.toml",
        out=folder / "evidence.toml",
    )


def measure(request: Request, resamples: int = 20) -> Measurement:
    """Measure with few refits."""
    return measure_what_ifs(request, lambda step: None, resamples=resamples, seed=1, confidence=0.95)


def linear() -> Any:
    """Return a pipeline that can hold what ``people`` says."""
    encode = make_column_transformer((OneHotEncoder(), ["place"]), remainder="passthrough")
    return make_pipeline(encode, LinearRegression())


@pytest.fixture
def regressor(tmp_path: Path) -> Request:
    """A regressor of three kinds of answers."""
    frame = people()
    model = linear().fit(frame[["hours", "smokes", "place"]], frame["y"])
    schema = '[target]\ncolumn = "y"\nbetter = "higher"\n' + HOURS + SMOKES + PLACE
    return asked(tmp_path, model, frame, schema)


def test_a_regressors_known_effects_are_found(regressor: Request) -> None:
    """Of numbers, truth values and categories; those that make it worse are measured and support nothing."""
    measured = measure(regressor)
    few, many, smoking, place = measured.to_dict()["what_ifs"]
    frame = people()
    low = frame.loc[frame["hours"].between(0, 2), "hours"]
    assert few["effect"] == pytest.approx(0.5 * (8 - low).mean(), abs=0.15)
    assert few["rows"] == len(low)
    assert smoking["effect"] == pytest.approx(2, abs=0.15)
    assert place["effect"] == pytest.approx(3, abs=0.15)
    assert many["effect"] < 0
    assert [item["supported"] for item in (few, many, smoking, place)] == [True, False, True, True]
    assert all(item["interval"][0] < item["effect"] < item["interval"][1] for item in (few, smoking, place))
    assert measured.score == "y"


def test_what_is_written_is_what_conversion_reads(
    regressor: Request, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command's file gives a contract its advice; its table and its JSON say the same."""
    command = ["evidence", str(regressor.model), "--data", str(regressor.data), "--schema"]
    command += [str(regressor.schema), "--out", str(regressor.out), "--resamples", "20", "--json"]
    assert main(command) == 0
    printed = json.loads(capsys.readouterr().out)
    text = regressor.out.read_text()
    assert text.startswith(HEADER)
    assert tomllib.loads(text) == printed
    assert regressor.schema is not None
    what_ifs = supported(load_schema(regressor.schema), load_evidence(regressor.out))
    assert [item.text for item in what_ifs] == ["more hours", "stop", "move"]
    assert main(command[:-1]) == 0  # over its own file
    assert "yes  smokes: True → False, +" in capsys.readouterr().out
    regressor.out.write_text("# mine\n")
    assert main(command) == 2
    assert "was not written by this command" in capsys.readouterr().err
    assert [path.name for path in regressor.out.parent.glob(".evidence-*")] == []


def test_runs_repeat(regressor: Request) -> None:
    """The same seed gives the same bytes."""
    assert measure(regressor, 3).to_toml() == measure(regressor, 3).to_toml()


def test_missing_answers_and_trees_are_no_obstacle(tmp_path: Path) -> None:
    """Rows without the answer are not changed; rows without a true answer are left out."""
    frame = people()
    frame.loc[:20, "hours"] = np.nan
    frame.loc[250:, "y"] = np.nan
    known = frame[frame["y"].notna()]
    model = HistGradientBoostingRegressor(max_iter=20).fit(known[["hours"]], known["y"])
    request = asked(tmp_path, model, frame, '[target]\ncolumn = "y"\nbetter = "lower"\n' + HOURS)
    few, many = measure(request).to_dict()["what_ifs"]
    assert few["rows"] == int(known["hours"].between(0, 2).sum())
    assert (few["supported"], many["supported"]) == (False, True)


@pytest.mark.parametrize("positive", ["low", "high"])
def test_a_classifiers_score_is_the_positive_class(tmp_path: Path, positive: str) -> None:
    """Which one that is, the schema says; by name among several classes, written as text."""
    frame = people()
    frame["y"] = np.select([frame["y"] < 1, frame["y"] < 3], ["low", "middle"], "high")
    model = make_pipeline(LogisticRegression(max_iter=1000)).fit(frame[["hours"]].to_numpy(), frame["y"])
    target = f'[target]\ncolumn = "y"\nbetter = "higher"\npositive = "{positive}"\n'
    request = asked(tmp_path, model, frame, target + HOURS)
    few, many = measure(request).to_dict()["what_ifs"]
    assert (few["supported"], many["supported"]) == ((False, True) if positive == "low" else (True, False))
    assert measure(request, 1).score == f"the probability of {positive}"


def test_a_text_model_is_fitted_on_texts_again(tmp_path: Path) -> None:
    """A vectoriser takes a list, not a frame."""
    random = np.random.default_rng(0)
    words = random.choice(["good film", "bad film"], size=ROWS)
    frame = pd.DataFrame({"review": words, "y": (words == "good film") ^ (random.random(ROWS) < 0.2)})
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(frame["review"], frame["y"])
    schema = (
        '[target]\ncolumn = "y"\nbetter = "higher"\npositive = true\nclasses = [{ value = 0, name = "no" }, '
        '{ value = 1, name = "yes" }]\n[[features]]\nname = "review"\nkind = "text"\n'
        'what_ifs = [{ values = ["bad film"], to = "good film", text = "praise" }]\n'
    ).replace("positive = true", "positive = 1")
    (item,) = measure(asked(tmp_path, model, frame, schema)).to_dict()["what_ifs"]
    assert item["effect"] == pytest.approx(0.6, abs=0.15)
    assert item["supported"]


def test_a_model_of_other_data_supports_nothing(regressor: Request) -> None:
    """Its own effect lies outside what fitting on these rows gives, whatever the interval says."""
    other = people(5)
    other["y"] *= 10
    io.dump(linear().fit(other[["hours", "smokes", "place"]], other["y"]), regressor.model)
    assert not any(item["supported"] for item in measure(regressor).to_dict()["what_ifs"])


def test_without_a_direction_nothing_is_advice_and_the_table_says_so(tmp_path: Path) -> None:
    """The figures are there all the same."""
    frame = people()
    model = LinearRegression().fit(frame[["hours"]], frame["y"])
    measured = measure(asked(tmp_path, model, frame, '[target]\ncolumn = "y"\n' + HOURS))
    assert not any(item["supported"] for item in measured.to_dict()["what_ifs"])
    assert 'neither better = "higher" nor "lower"' in measured.table()


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ('[target]\ncolumn = "y"\n[[features]]\nname = "hours"\nkind = "number"\n', "lists no .*what_ifs"),
        (HOURS, "no column"),
        ('[target]\ncolumn = "y"\n' + HOURS.replace("low = 0, high = 2", "low = 50, high = 60"), "50 to 60"),
        ('[target]\ncolumn = "y"\n' + HOURS.replace("to = 8", 'to = "much"'), "'much', wanted a number"),
        ('[target]\ncolumn = "place"\n' + HOURS, "holds '(sea|town|city)', wanted numbers"),
        ('[target]\ncolumn = "y"\n' + PLACE, "the estimator was fitted on"),
    ],
)
def test_what_cannot_be_measured_is_named(tmp_path: Path, schema: str, message: str) -> None:
    """With the value seen and what to do."""
    frame = people()
    model = LinearRegression().fit(frame[["hours"]], frame["y"])
    with pytest.raises(InputError, match=message):
        measure(asked(tmp_path, model, frame, schema))


def test_an_unknown_category_is_named(regressor: Request) -> None:
    """A typing error in a what-if would measure a place that nobody lives in."""
    assert regressor.schema is not None
    text = regressor.schema.read_text()
    regressor.schema.write_text(text.replace('to = "sea"', 'to = "see"'))
    with pytest.raises(InputError, match=r"'see', wanted one of .*'sea'"):
        measure(regressor)


def test_a_schema_is_wanted(regressor: Request, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing can be inferred about what a person can change."""
    command = ["evidence", str(regressor.model), "--data", str(regressor.data), "--out", str(regressor.out)]
    assert main(command) == 2
    assert "none was given" in capsys.readouterr().err


def test_what_is_not_fitted_again_is_refused(tmp_path: Path) -> None:
    """A frozen part would make intervals too narrow; a booster's file does not say how it was fitted."""
    import xgboost

    frame = people()
    frozen = make_pipeline(FrozenEstimator(LinearRegression().fit(frame[["hours"]], frame["y"])))
    request = asked(
        tmp_path, frozen.fit(frame[["hours"]], frame["y"]), frame, '[target]\ncolumn = "y"\n' + HOURS
    )
    with pytest.raises(UnsupportedError, match="frozen part"):
        measure(request)
    xgboost.XGBRegressor(n_estimators=2).fit(frame[["hours"]], frame["y"]).save_model(tmp_path / "m.json")
    with pytest.raises(UnsupportedError, match="not how they were fitted"):
        measure(Request(model=tmp_path / "m.json", data=request.data, schema=request.schema, out=request.out))


class TestCommitted:
    """The example's ``evidence.toml``."""

    @pytest.fixture
    def evidence(self, root: Path) -> dict[str, Any]:
        """What is in version control."""
        return tomllib.loads((root / "model/evidence.toml").read_text(encoding="utf-8"))

    @pytest.fixture
    def example(self, root: Path) -> Request:
        """The example's files."""
        folder = root / "model"
        return Request(
            model=folder / "sleep.skops",
            data=folder / "data/yrbss.csv",
            schema=folder / "schema.toml",
            out=folder / "evidence.toml",
        )

    def test_effects_and_counts_come_out_again(self, evidence: dict[str, Any], example: Request) -> None:
        """They do not depend on resampling; every what-if of the schema is there, in order, and no other."""
        again = measure(example, 1).to_dict()
        assert evidence["data_sha256"] == again["data_sha256"]
        assert (evidence["resamples"], evidence["confidence"]) == (300, 0.95)
        for seen, wanted in zip(evidence["what_ifs"], again["what_ifs"], strict=True):
            same = ("feature", "values", "low", "high", "to", "rows")
            assert [seen.get(name) for name in same] == [wanted.get(name) for name in same]
            assert seen["effect"] == pytest.approx(wanted["effect"], abs=2e-6)

    def test_it_both_supports_and_rejects(self, evidence: dict[str, Any]) -> None:
        """Training more is supported; television and rare texting are not."""
        found = {
            (item["feature"], str(item.get("values", item.get("low")))): item["supported"]
            for item in evidence["what_ifs"]
        }
        assert found["strength_training_7d", "0"]
        assert found["physically_active_7d", "0"]
        assert found["text_while_driving_30d", "['30']"]
        assert not found["text_while_driving_30d", "['1-2']"]
        assert not found["hours_tv_per_school_day", "['5+']"]

    @pytest.mark.long
    def test_intervals_come_out_again(self, evidence: dict[str, Any], example: Request) -> None:
        """All resamples, refitted."""
        again = measure_what_ifs(example, lambda step: None, resamples=300, seed=0, confidence=0.95).to_dict()
        assert [item["interval"] for item in evidence["what_ifs"]] == [
            pytest.approx(item["interval"], abs=2e-6) for item in again["what_ifs"]
        ]
