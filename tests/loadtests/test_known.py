"""Known answers are scikit-learn's, and belong to the data and the artefact that were given."""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from function.contract import Contract, Row
from loadtests.errors import InputError
from loadtests.known import KnownAnswers, load_known


def write(path: Path, rows: Sequence[Row]) -> Path:
    """Write rows as CSV, null as an empty cell."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(
            {name: "" if value is None else value for name, value in row.items()} for row in rows
        )
    return path


def test_the_golden_rows_get_scikit_learns_answers(
    artefact: Path, contract: Contract, tmp_path: Path
) -> None:
    """Through the same path as the data: a file with nulls, categories and numbers."""
    data = write(tmp_path / "golden.csv", [item.row for item in contract.golden.rows])
    known = load_known(data=data, artefact=artefact)
    names = {target.value: target.name for target in contract.outputs.classes}
    assert (known.model, known.version, known.refused) == ("sleep", contract.model.version, 0)
    for item, case in zip(contract.golden.rows, known.cases, strict=True):
        assert item.label is not None
        assert case.row == item.row
        assert case.answer["label"] == names[item.label]
        assert list(case.answer["probabilities"]) == list(names.values())
        assert list(case.answer["probabilities"].values()) == pytest.approx(item.scores, abs=1e-6)
        assert case.answer["probability"] == case.answer["probabilities"]["8_hours_or_more"]
        assert case.answer["base_rate"] == contract.outputs.base_rate


def test_a_case_says_where_its_row_is_from(known: KnownAnswers, data: Path) -> None:
    """The header is line 1; empty cells are nulls."""
    first = known.cases[0]
    assert first.place == f"{data} line 2"
    assert (first.row["age"], first.row["grade"], first.row["height"]) == (14, "9", None)
    assert known.cases[-1].place == f"{data} line 201"


def test_an_artefact_that_is_not_scikit_learns_is_refused(
    artefact: Path, contract: Contract, data: Path, tmp_path: Path
) -> None:
    """Otherwise wrong answers would be what responses are compared with."""
    first, *rest = contract.golden.rows
    moved = replace(first, scores=(first.scores[0] + 1e-3, first.scores[1] - 1e-3))
    wrong = replace(contract, golden=replace(contract.golden, rows=(moved, *rest)))
    folder = Path(shutil.copytree(artefact, tmp_path / "model"))
    (folder / "contract.json").write_text(json.dumps(wrong.to_dict()))
    with pytest.raises(InputError, match="golden rows were answered differently"):
        load_known(data=data, artefact=folder)


def test_a_damaged_model_is_refused(artefact: Path, data: Path, tmp_path: Path) -> None:
    """Its hash is not the contract's."""
    folder = Path(shutil.copytree(artefact, tmp_path / "model"))
    (folder / "model.onnx").write_bytes(b"")
    with pytest.raises(InputError, match=r"model\.onnx has SHA-256"):
        load_known(data=data, artefact=folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n", "has no column age, "),
        (b"", "has no column age, "),
        (b"\xff\n", "is not a CSV file in UTF-8"),
    ],
)
def test_other_data_is_refused(artefact: Path, tmp_path: Path, content: bytes, message: str) -> None:
    """With the file's name and what is wrong with it."""
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_known(data=path, artefact=artefact)


def test_a_cell_of_another_kind_is_named(artefact: Path, contract: Contract, tmp_path: Path) -> None:
    """By its line, though it is not the first."""
    row = contract.golden.rows[0].row
    data = write(tmp_path / "data.csv", [row, row | {"age": "young"}])
    with pytest.raises(InputError, match=r"data\.csv line 3: .*young"):
        load_known(data=data, artefact=artefact)


def test_rows_that_the_service_would_refuse_are_left_out(
    artefact: Path, contract: Contract, tmp_path: Path
) -> None:
    """A 422 would be the right answer to them; they are counted."""
    row = contract.golden.rows[0].row
    known = load_known(data=write(tmp_path / "a.csv", [row | {"age": 99}, row]), artefact=artefact)
    assert (known.refused, [case.row for case in known.cases]) == (1, [row])
    with pytest.raises(InputError, match="has 1 rows, none of which"):
        load_known(data=write(tmp_path / "b.csv", [row | {"age": 99}]), artefact=artefact)


def test_requests_are_repeatable_and_mostly_of_one_row(known: KnownAnswers) -> None:
    """The same seed draws the same; sizes run from 1 to 5."""
    first, second = Random("1/0"), Random("1/0")
    drawn = [known.draw(first) for _ in range(2000)]
    assert drawn == [known.draw(second) for _ in range(2000)]
    sizes = Counter(map(len, drawn))
    assert sorted(sizes) == [1, 2, 3, 4, 5]
    assert 0.75 < sizes[1] / 2000 < 0.85
    assert {case.place for cases in drawn for case in cases} == {case.place for case in known.cases}
