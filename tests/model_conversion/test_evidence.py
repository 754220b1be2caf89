"""Only what-ifs whose interval excludes zero become advice."""

from pathlib import Path

import pytest

from function.contract import Contract
from model_conversion.errors import InputError
from model_conversion.evidence import load_evidence, supported
from model_conversion.schema import Schema, load_schema

SCHEMA = """
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


def test_supported_are_those_whose_interval_excludes_zero(schema: Schema, tmp_path: Path) -> None:
    """In either direction; the noise and the unmeasured stay out."""
    what_ifs = supported(schema, load_evidence(write(tmp_path, EVIDENCE)))
    assert [what_if.text for what_if in what_ifs] == ["up", "down"]
    assert what_ifs[0].interval == (0.1, 0.3)


def test_evidence_for_another_schema_is_refused(schema: Schema, tmp_path: Path) -> None:
    """A what-if that the schema does not list means that one of the files is old."""
    path = write(tmp_path, EVIDENCE.replace("values = [7]", "values = [6]"))
    with pytest.raises(InputError, match="'a' to 1 from \\[6\\]; train again"):
        supported(schema, load_evidence(path))


def test_an_entry_without_its_interval_is_refused_by_number(tmp_path: Path) -> None:
    """The message has the entry and the missing key."""
    path = write(tmp_path, EVIDENCE.replace("interval = [-0.1, 0.3]", ""))
    with pytest.raises(InputError, match="number 2: KeyError 'interval'"):
        load_evidence(path)


def test_the_examples_noise_is_no_advice(contract: Contract) -> None:
    """Less television than five hours does nothing that the data can tell; exercise does (see the model card)."""
    features = {what_if.feature for what_if in contract.actionable}
    television = [what_if for what_if in contract.actionable if what_if.feature == "hours_tv_per_school_day"]
    assert ("5+", "2") not in [(what_if.values[0], what_if.to) for what_if in television]
    assert {"strength_training_7d", "physically_active_7d"} <= features
    assert all(low > 0 or high < 0 for low, high in (what_if.interval for what_if in contract.actionable))
