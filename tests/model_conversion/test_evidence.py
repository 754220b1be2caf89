"""Only what-ifs whose interval excludes zero become advice."""

from dataclasses import replace
from pathlib import Path

import pytest

from function.contract import Contract
from model_conversion.errors import InputError
from model_conversion.evidence import load_evidence, supported
from model_conversion.schema import Schema, load_schema

SCHEMA = """
[target]
better = "higher"
[[features]]
name = "a"
kind = "number"
what_ifs = [
  { low = 0, high = 2, to = 5, text = "up" },
  { low = 0, high = 2, to = 9, text = "noise" },
  { values = [7], to = 1, text = "down" },
  { values = [8], to = 1, text = "never measured" },
]
"""
EVIDENCE = """
[[what_ifs]]
feature = "a"
low = 0
high = 2
to = 5
effect = 0.2
interval = [0.1, 0.3]

[[what_ifs]]
feature = "a"
low = 0
high = 2
to = 9
effect = 0.2
interval = [-0.1, 0.3]

[[what_ifs]]
feature = "a"
values = [7]
to = 1
effect = -0.2
interval = [-0.3, -0.1]
"""


@pytest.fixture
def schema(tmp_path: Path) -> Schema:
    """A schema with four candidates."""
    path = tmp_path / "schema.toml"
    path.write_text(SCHEMA)
    return load_schema(path)


def write(tmp_path: Path, text: str) -> Path:
    """Return the path of an evidence file."""
    path = tmp_path / "evidence.toml"
    path.write_text(text)
    return path


def test_supported_are_those_whose_interval_lies_on_the_better_side(schema: Schema, tmp_path: Path) -> None:
    """What makes things worse, the noise and the unmeasured stay out; without a direction everything does."""
    effects = load_evidence(write(tmp_path, EVIDENCE))
    (what_if,) = supported(schema, effects)
    assert (what_if.text, what_if.interval) == ("up", (0.1, 0.3))
    lower = replace(schema, target=replace(schema.target, better="lower"))
    assert [what_if.text for what_if in supported(lower, effects)] == ["down"]
    assert supported(replace(schema, target=replace(schema.target, better=None)), effects) == ()


def test_evidence_for_another_schema_is_refused(schema: Schema, tmp_path: Path) -> None:
    """A what-if that the schema does not list means that one of the files is old."""
    path = write(tmp_path, EVIDENCE.replace("values = [7]", "values = [6]"))
    with pytest.raises(InputError, match="'a' to 1 from \\[6\\]; measure again"):
        supported(schema, load_evidence(path))


def test_an_entry_without_its_interval_is_refused_by_number(tmp_path: Path) -> None:
    """The message has the entry and the missing key."""
    path = write(tmp_path, EVIDENCE.replace("interval = [-0.1, 0.3]", ""))
    with pytest.raises(InputError, match="number 2: KeyError 'interval'"):
        load_evidence(path)


def test_the_examples_noise_is_no_advice(contract: Contract) -> None:
    """Less television does nothing good that the data can tell; exercise does (see the model card)."""
    features = {what_if.feature for what_if in contract.actionable}
    assert features == {"strength_training_7d", "physically_active_7d", "text_while_driving_30d"}
    assert all(what_if.interval[0] > 0 for what_if in contract.actionable)
