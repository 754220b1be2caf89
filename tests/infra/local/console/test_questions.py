"""Every kind of feature becomes a question that asks for just what the contract admits."""

from dataclasses import replace

import pytest

from function.contract import Contract, Feature
from infra.local.console.questions import Question, questions

NUMBER = Feature(
    name="height",
    kind="number",
    onnx_input="numbers",
    column=0,
    question="How tall are you?",
    unit="m",
    required=True,
    nullable=False,
    null_token=None,
    minimum=1.2,
    maximum=2.2,
    categories=(),
    outside="reject",
    example=1.7,
)


def ask(contract: Contract, feature: Feature) -> Question:
    """Return the question of a contract with that one feature."""
    (found,) = questions(replace(contract, features=(feature,)))
    return found


def test_the_example_asks_each_feature_once_in_order(contract: Contract) -> None:
    """The form shows what the request carries."""
    assert [item.name for item in questions(contract)] == [item.name for item in contract.features]
    assert all(item.text.endswith((")", "?")) for item in questions(contract))


def test_a_number_has_its_limits_unit_and_example(contract: Contract) -> None:
    """The browser can refuse what the function would."""
    found = ask(contract, NUMBER)
    assert (found.control, found.minimum, found.maximum, found.step) == ("number", "1.2", "2.2", "any")
    assert (found.hint, found.value, found.optional) == ("1.2 to 2.2 m", "1.7", False)


def test_a_limit_that_only_warns_does_not_limit_the_control(contract: Contract) -> None:
    """It is told in words instead."""
    found = ask(contract, replace(NUMBER, outside="warn"))
    assert (found.minimum, found.maximum, found.hint) == ("", "", "seen in training: 1.2 to 2.2 m")


@pytest.mark.parametrize(
    ("feature", "control", "choices", "value"),
    [
        (replace(NUMBER, kind="boolean", minimum=None, maximum=None, example=False), "choice", 2, "false"),
        (
            replace(NUMBER, kind="category", minimum=None, maximum=None, categories=("a", "b"), example="b"),
            "choice",
            2,
            "b",
        ),
        (replace(NUMBER, kind="text", minimum=None, maximum=None, example=None), "text", 0, ""),
        (replace(NUMBER, kind="integer", example=2), "number", 0, "2"),
    ],
)
def test_each_kind_has_its_control(
    contract: Contract, feature: Feature, control: str, choices: int, value: str
) -> None:
    """Choices where answers are known, text where they are not."""
    found = ask(contract, feature)
    assert (found.control, len(found.choices), found.value) == (control, choices, value)


@pytest.mark.parametrize(
    ("required", "nullable", "optional", "absent"),
    [(True, False, False, True), (False, False, True, True), (True, True, True, False)],
)
def test_an_open_question_is_null_where_null_is_an_answer(
    contract: Contract, required: bool, nullable: bool, optional: bool, absent: bool
) -> None:
    """Otherwise the key is left out."""
    found = ask(contract, replace(NUMBER, required=required, nullable=nullable))
    assert (found.optional, found.absent) == (optional, absent)
