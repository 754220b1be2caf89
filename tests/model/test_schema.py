"""The schema against the data and the pipeline."""

from typing import Any

import pandas as pd

from model.survey import CATEGORIES, FEATURES, MISSING, TARGET, Survey
from model_conversion.effects import Change

NOT_ONES_TO_CHANGE = {"age", "gender", "grade", "height", "weight"}


def by_name(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the features of a schema by name."""
    return {feature["name"]: feature for feature in schema["features"]}


def changes(schema: dict[str, Any]) -> list[Change]:
    """Return the what-ifs of a schema, in its order."""
    return [
        Change(
            feature=feature["name"],
            to=what_if["to"],
            values=tuple(what_if.get("values", ())),
            low=what_if.get("low"),
            high=what_if.get("high"),
        )
        for feature in schema["features"]
        for what_if in feature.get("what_ifs", ())
    ]


def test_features_are_the_columns_of_the_pipeline(schema: dict[str, Any], committed: Any) -> None:
    """The schema asks for exactly what the pipeline was fitted on, in its order."""
    assert [feature["name"] for feature in schema["features"]] == list(committed.feature_names_in_)
    assert list(FEATURES) == list(committed.feature_names_in_)


def test_target_is_the_one_trained_on(schema: dict[str, Any], committed: Any) -> None:
    """Classes, positive class and column agree with the pipeline; the positive one comes last."""
    target = schema["target"]

    assert target["column"] == TARGET
    assert [each["value"] for each in target["classes"]] == committed.classes_.tolist()
    assert target["positive"] == committed.classes_[-1]


def test_kinds_are_those_of_the_data(schema: dict[str, Any], survey: Survey) -> None:
    """Categories are the string columns, integers the whole numbers, and no other kind occurs."""
    for name, feature in by_name(schema).items():
        column = survey.features[name].dropna()
        if name in CATEGORIES:
            assert feature["kind"] == "category"
        else:
            assert feature["kind"] == ("integer" if (column % 1 == 0).all() else "number")


def test_categories_are_those_of_the_data(schema: dict[str, Any], survey: Survey) -> None:
    """Every category that occurs is an accepted answer, and no accepted answer never occurs."""
    for name in CATEGORIES:
        categories = by_name(schema)[name]["categories"]

        assert len(categories) == len(set(categories))
        assert set(categories) == set(survey.features[name]) - {MISSING}


def test_open_questions_are_allowed_where_they_occur(schema: dict[str, Any], survey: Survey) -> None:
    """A feature is nullable if somebody left it open, and a category says what null becomes."""
    for name, feature in by_name(schema).items():
        left_open = survey.features[name].isna() | survey.features[name].eq(MISSING)

        assert feature["nullable"] == left_open.any()
        assert feature.get("null_token") == (MISSING if name in CATEGORIES else None)


def test_limits_admit_everybody_in_the_survey(schema: dict[str, Any], survey: Survey) -> None:
    """Nobody who was trained on would be refused."""
    for name, feature in by_name(schema).items():
        column = survey.features[name]
        if "minimum" in feature:
            assert feature["minimum"] <= column.min()
            assert feature["maximum"] >= column.max()


def test_examples_are_valid_answers(schema: dict[str, Any], survey: Survey) -> None:
    """The example of a feature could be in a request."""
    for name, feature in by_name(schema).items():
        if feature["kind"] == "category":
            assert feature["example"] in feature["categories"]
        else:
            assert survey.features[name].min() <= feature["example"] <= survey.features[name].max()


def test_what_ifs_change_only_what_a_person_can_change(schema: dict[str, Any]) -> None:
    """Nobody is told to be younger, taller or lighter."""
    assert not NOT_ONES_TO_CHANGE & {change.feature for change in changes(schema)}


def test_what_ifs_lead_from_valid_answers_to_another(schema: dict[str, Any]) -> None:
    """Present and changed answers are accepted ones, and the change is one."""
    features = by_name(schema)
    for change in changes(schema):
        feature = features[change.feature]
        if change.values:
            assert {*change.values, change.to} <= set(feature["categories"])
        else:
            assert feature["minimum"] <= change.low <= change.high <= feature["maximum"]
            assert feature["minimum"] <= change.to <= feature["maximum"]
        present = pd.DataFrame({change.feature: [change.to]})
        assert not change.applies_to(present).any()


def test_no_present_answer_starts_one_change_twice(schema: dict[str, Any], survey: Survey) -> None:
    """For each changed answer at most one what-if applies, so that nothing is said twice."""
    seen: dict[tuple[str, Any], Any] = {}
    for change in changes(schema):
        key = (change.feature, change.to)
        applies = change.applies_to(survey.features)

        assert not (applies & seen.get(key, False)).any()
        seen[key] = applies | seen.get(key, False)


def test_sentences_claim_association(schema: dict[str, Any]) -> None:
    """Each sentence speaks of the students surveyed and of how often, never of an effect."""
    texts = [what_if["text"] for feature in schema["features"] for what_if in feature.get("what_ifs", ())]

    assert len(texts) == len(changes(schema)) > 0
    for text in texts:
        assert text.startswith("Among the students surveyed, those who ")
        assert "more often" in text
        assert text.endswith(".")
