"""A real row of the data, as a command that a shell takes as it is."""

import json
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from function.contract import Contract, Feature, Kind, Value
from function.validation import Limits, check
from infra.local.example import ExampleError, curl, example_row, to_value


@pytest.fixture
def feature(contract: Contract) -> Feature:
    """A feature, of whatever kind."""
    return contract.features[0]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "14", 14),
        ("integer", "14.0", 14),
        ("integer", "", None),
        ("number", "1.73", 1.73),
        ("number", "", None),
        ("boolean", "TRUE", True),
        ("boolean", "0", False),
        ("category", "5+", "5+"),
        ("category", "9", "9"),
        ("category", "NA", "NA"),
        ("text", "", None),
    ],
)
def test_a_cell_becomes_the_value_of_its_kind(feature: Feature, kind: Kind, text: str, value: Value) -> None:
    """A category stays text even when it looks like a number."""
    found = to_value(replace(feature, kind=kind), text)
    assert (value, type(value)) == (found, type(found))


@pytest.mark.parametrize(
    ("kind", "text"), [("integer", "1.5"), ("integer", "x"), ("number", "x"), ("boolean", "x")]
)
def test_a_cell_of_another_kind_is_refused(feature: Feature, kind: Kind, text: str) -> None:
    """The data is not what the contract describes."""
    with pytest.raises(ValueError, match=text):
        to_value(replace(feature, kind=kind), text)


def test_the_examples_example_row_is_a_valid_request(root: Path, contract: Contract) -> None:
    """Every feature is answered, and the function accepts it."""
    row = example_row(root / "model/data/yrbss.csv", contract)
    assert [feature.name for feature in contract.features] == list(row)
    assert None not in row.values()
    assert [row] == check({"instances": [row]}, contract.features, Limits(1, 10_000)).rows


def test_missing_answers_are_null_where_null_is_an_answer(tmp_path: Path, contract: Contract) -> None:
    """Without a complete row the first one serves; what may not be null is left out."""
    features = [replace(f, nullable=f.name != "weight") for f in contract.features]
    changed = replace(contract, features=tuple(features))
    data = tmp_path / "d.csv"
    names = [feature.name for feature in features]
    data.write_text(",".join(names) + "\n" + "14" + "," * (len(names) - 1) + "\n")
    wanted = {"age": 14} | dict.fromkeys(name for name in names if name not in {"age", "weight"})
    assert wanted == example_row(data, changed)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"^cannot read .*: No such file or directory; check the path$"),
        ("a\n1\n", r"has no column age, .*weight; give the data that the model is of$"),
        ("{header}\n", r"has no rows, wanted at least one$"),
        (
            "{header}\nold\n",
            r"line 2: age is 'old', which is not of kind integer; give the data that the model is of$",
        ),
    ],
)
def test_data_of_another_model_is_refused(
    tmp_path: Path, contract: Contract, text: str | None, message: str
) -> None:
    """The sentence names the file and the place."""
    data = tmp_path / "d.csv"
    if text is not None:
        data.write_text(text.format(header=",".join(feature.name for feature in contract.features)))
    with pytest.raises(ExampleError, match=message):
        example_row(data, contract)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_shell_takes_the_command_as_it_is(tmp_path: Path, shell: str) -> None:
    """Quotes, dollars, backslashes, exclamation marks and blanks reach curl unchanged."""
    row = {"answer": 'I don\'t "know" $HOME `x` \\n !! 100% é'}
    command = curl("http://127.0.0.1:1/_aws/execute-api/x", [row])
    assert "\n" not in command
    fake = tmp_path / "curl"
    fake.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    fake.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run([shell, "-c", command], env=env, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert shlex.split(command)[1:] == lines
    assert {"instances": [row]} == json.loads(lines[-1])
    assert "http://127.0.0.1:1/_aws/execute-api/x/predictions" in lines
