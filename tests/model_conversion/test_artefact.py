"""An artefact is written whole or not at all."""

from pathlib import Path

import pytest

from model_conversion.artefact import check_destination, write_artefact, write_file
from model_conversion.errors import InputError


def test_files_are_written_and_nothing_else_is_left(tmp_path: Path) -> None:
    """Neither beside the folder nor in it."""
    write_artefact(tmp_path / "deep/model", {"model.onnx": b"1"})
    assert [str(p.relative_to(tmp_path)) for p in sorted(tmp_path.rglob("*"))] == [
        "deep",
        "deep/model",
        "deep/model/model.onnx",
    ]


def test_an_earlier_artefact_is_replaced_whole(tmp_path: Path) -> None:
    """No file of the earlier one stays behind."""
    write_artefact(tmp_path / "model", {"model.onnx": b"1", "report.json": b"1"})
    write_artefact(tmp_path / "model", {"model.onnx": b"2"})
    assert {p.name: p.read_bytes() for p in (tmp_path / "model").iterdir()} == {"model.onnx": b"2"}
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_a_failure_leaves_the_earlier_artefact(tmp_path: Path) -> None:
    """A file that cannot be written changes nothing."""
    write_artefact(tmp_path / "model", {"model.onnx": b"1"})
    with pytest.raises(InputError, match="cannot write"):
        write_artefact(tmp_path / "model", {"model.onnx": b"2", "no/such/folder": b""})
    assert (tmp_path / "model/model.onnx").read_bytes() == b"1"
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    """A mistyped --out destroys nothing."""
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(InputError, match=r"thesis\.docx"):
        check_destination(tmp_path)


def test_a_file_is_refused(tmp_path: Path) -> None:
    """The destination is a folder."""
    (tmp_path / "model").touch()
    with pytest.raises(InputError, match="is a file"):
        check_destination(tmp_path / "model")


def test_a_single_file_is_replaced_whole_and_may_be_read_as_any_other(tmp_path: Path) -> None:
    """Its permissions are those of any new file, not those of a temporary one; nothing is left beside it."""
    (tmp_path / "other").touch()
    for text in ("old", "new"):
        write_file(tmp_path / "evidence.toml", text)
    assert (tmp_path / "evidence.toml").read_text() == "new"
    assert (tmp_path / "evidence.toml").stat().st_mode == (tmp_path / "other").stat().st_mode
    assert {path.name for path in tmp_path.iterdir()} == {"other", "evidence.toml"}


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """Neither the earlier one changed nor a part of the new one beside it."""
    (tmp_path / "evidence.toml").mkdir()
    with pytest.raises(InputError, match=r"cannot write .*evidence\.toml: .*give another --out"):
        write_file(tmp_path / "evidence.toml", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["evidence.toml"]
