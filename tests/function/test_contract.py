"""The contract reads what it writes, and refuses what was not deployed."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from function.contract import Contract, WhatIf, load_contract, read_model
from function.errors import ArtefactError


@pytest.fixture
def copy(artefact: Path, tmp_path: Path) -> Path:
    """A copy of the artefact that a test may damage."""
    return Path(shutil.copytree(artefact, tmp_path / "model"))


def test_a_contract_survives_the_round_trip_through_json(contract: Contract) -> None:
    """Nothing is lost or changed between conversion and function."""
    assert Contract.from_dict(json.loads(json.dumps(contract.to_dict()))) == contract


def test_the_deployed_hash_is_accepted(copy: Path) -> None:
    """The file whose hash the deployment passes is read."""
    sha256 = hashlib.sha256((copy / "contract.json").read_bytes()).hexdigest()
    assert load_contract(copy, sha256=sha256).model.name == "sleep"


def test_a_contract_other_than_the_deployed_one_is_refused(copy: Path) -> None:
    """One changed byte is named with both hashes."""
    raw = (copy / "contract.json").read_bytes()
    (copy / "contract.json").write_bytes(raw.replace(b"0.5", b"0.6", 1))
    wanted = hashlib.sha256(raw).hexdigest()
    with pytest.raises(ArtefactError, match=f"contract.json has SHA-256 .*wants {wanted}"):
        load_contract(copy, sha256=wanted)


def test_a_model_other_than_the_contracts_is_refused(copy: Path) -> None:
    """A replaced graph is found before onnxruntime sees it."""
    contract = load_contract(copy)
    raw = bytearray((copy / "model.onnx").read_bytes())
    raw[len(raw) // 2] ^= 1
    (copy / "model.onnx").write_bytes(raw)
    with pytest.raises(ArtefactError, match=r"model\.onnx has SHA-256"):
        read_model(copy, contract)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[]", "holds a list"),
        ('{"contract_version": 99}', "contract_version is 99, wanted 1"),
        ('{"contract_version": 1}', "KeyError: 'model'"),
        ('{"contract_version": 1, "model": {"nom": "x"}}', "TypeError"),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """The message says what the file holds instead."""
    (tmp_path / "contract.json").write_text(text)
    with pytest.raises(ArtefactError, match=words):
        load_contract(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message has the path."""
    with pytest.raises(ArtefactError, match=r"cannot read .*contract\.json"):
        load_contract(tmp_path)


def test_a_what_if_applies_to_its_values_or_its_closed_range() -> None:
    """Null is never a starting point."""
    common = {"feature": "x", "effect": 0.1, "interval": (0.05, 0.2), "text": ""}
    ranged = WhatIf(values=(), low=0, high=2, to=5, **common)  # type: ignore[arg-type]
    listed = WhatIf(values=("30",), low=None, high=None, to="0", **common)  # type: ignore[arg-type]
    assert [ranged.applies_to(value) for value in (0, 2, 2.5, None, "1")] == [True, True, False, False, False]
    assert [listed.applies_to(value) for value in ("30", "3", None)] == [True, False, False]
