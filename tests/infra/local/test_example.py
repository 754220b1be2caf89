"""A real row of the data, as a command that a shell takes as it is."""

import json
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from function.contract import Contract
from function.validation import Limits, check
from infra.local.example import curl, example_row
from infra.local.rows import RowsError


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
        ("{header}\n", r"has no rows, wanted at least one$"),
    ],
)
def test_data_of_another_model_is_refused(
    tmp_path: Path, contract: Contract, text: str | None, message: str
) -> None:
    """The sentence names the file and the place."""
    data = tmp_path / "d.csv"
    if text is not None:
        data.write_text(text.format(header=",".join(feature.name for feature in contract.features)))
    with pytest.raises(RowsError, match=message):
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
