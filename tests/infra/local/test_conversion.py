"""When the model is converted, when it is not, and how damage is reported."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local.conversion import SOURCES, Conversion, ConversionError, main
from infra.local.process import ChildError


@pytest.fixture
def conversion(tmp_path: Path) -> Conversion:
    """A repository with one file of each kind of input."""
    for name in ("model/m.skops", "model/d.csv", "model/s.toml", "model/e.toml"):
        _write(tmp_path / name, name)
    for name in ("model_conversion/convert.py", "function/encoding.py", "function/handler.py", "uv.lock"):
        _write(tmp_path / name, name)
    return Conversion(
        model=tmp_path / "model/m.skops",
        data=tmp_path / "model/d.csv",
        schema=tmp_path / "model/s.toml",
        evidence=tmp_path / "model/e.toml",
        out=tmp_path / "build/model",
        root=tmp_path,
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _convert(conversion: Conversion) -> None:
    """Convert with a stand-in that writes two files."""

    def run(_name: str, _command: list[str], *, scratch: Path) -> str:
        _write(conversion.out / "contract.json", "contract")
        _write(conversion.out / "model.onnx", "graph")
        return "converted"

    assert conversion.convert(scratch=conversion.root, run=run) == "converted"


def test_nothing_made_yet_means_work(conversion: Conversion) -> None:
    """The first time there is neither record nor artefact."""
    assert conversion.is_needed()


def test_nothing_changed_means_no_work(conversion: Conversion) -> None:
    """Inputs and outputs hash to what was recorded."""
    _convert(conversion)
    assert not conversion.is_needed()


@pytest.mark.parametrize(
    "name",
    [
        "model/m.skops",
        "model/d.csv",
        "model/s.toml",
        "model/e.toml",
        "model_conversion/convert.py",
        "function/encoding.py",
        "uv.lock",
    ],
)
def test_a_changed_input_means_work(conversion: Conversion, name: str) -> None:
    """The person's files, the converter, what parity is proved through, the locked libraries."""
    _convert(conversion)
    _write(conversion.root / name, "changed")
    assert conversion.is_needed()


def test_a_new_source_of_the_converter_means_work(conversion: Conversion) -> None:
    """A module that was added may change the artefact."""
    _convert(conversion)
    _write(conversion.root / "model_conversion/exact/trees.py", "new")
    assert conversion.is_needed()


def test_code_that_conversion_does_not_run_means_no_work(conversion: Conversion) -> None:
    """The handler is not part of the proof."""
    _convert(conversion)
    _write(conversion.root / "function/handler.py", "changed")
    assert not conversion.is_needed()


def test_evidence_is_optional(conversion: Conversion, tmp_path: Path) -> None:
    """A model without evidence gives no advice; its command has no such option."""
    without = Conversion(
        model=conversion.model,
        data=conversion.data,
        schema=conversion.schema,
        evidence=None,
        out=conversion.out,
        root=conversion.root,
    )
    assert "--evidence" in conversion.command
    assert "--evidence" not in without.command
    _convert(conversion)
    assert without.is_needed()


def test_an_artefact_that_was_removed_is_made_again(conversion: Conversion) -> None:
    """Which is what the message about damage advises."""
    _convert(conversion)
    for path in conversion.out.iterdir():
        path.unlink()
    conversion.out.rmdir()
    assert conversion.is_needed()


def test_a_damaged_output_is_named_with_both_hashes(conversion: Conversion) -> None:
    """It is neither served nor made again in silence: somebody should know why it changed."""
    _convert(conversion)
    _write(conversion.out / "model.onnx", "grapH")
    seen, wanted = (hashlib.sha256(text).hexdigest() for text in (b"grapH", b"graph"))
    message = (
        f"{conversion.out} is damaged: {conversion.out}/model.onnx has SHA-256 {seen}, wanted {wanted}; its inputs "
        f"are unchanged, so remove it and convert again: rm -r {conversion.out}, then make convert"
    )
    with pytest.raises(ConversionError, match=f"^{re.escape(message)}$"):
        conversion.is_needed()


def test_a_missing_and_a_foreign_output_are_damage_too(conversion: Conversion) -> None:
    """Each is named."""
    _convert(conversion)
    (conversion.out / "contract.json").unlink()
    _write(conversion.out / "extra", "x")
    with pytest.raises(
        ConversionError, match=r"contract\.json is missing, wanted .*/extra does not belong there"
    ):
        conversion.is_needed()


def test_damage_does_not_matter_once_the_inputs_have_changed(conversion: Conversion) -> None:
    """The artefact is replaced anyway."""
    _convert(conversion)
    _write(conversion.out / "model.onnx", "damaged")
    _write(conversion.model, "changed")
    assert conversion.is_needed()


def test_a_conversion_that_failed_leaves_no_record(conversion: Conversion) -> None:
    """Otherwise the next run would blame the artefact."""

    def fail(*_: object, **__: object) -> str:
        raise ChildError("conversion", 1, "parity failed")

    _convert(conversion)
    with pytest.raises(ChildError):
        conversion.convert(scratch=conversion.root, run=fail)
    assert conversion.is_needed()
    assert not conversion.record.exists()


def test_a_missing_input_is_named(conversion: Conversion) -> None:
    """Before anything is run."""
    conversion.model.unlink()
    with pytest.raises(
        ConversionError, match=rf"^{re.escape(str(conversion.model))} is missing; train the model"
    ):
        conversion.is_needed()


def test_every_source_exists(root: Path) -> None:
    """A renamed module must not silently drop out of the hashes."""
    assert [pattern for pattern in SOURCES if not list(root.glob(pattern))] == []


def test_the_sources_are_what_conversion_imports_of_the_function(root: Path) -> None:
    """Neither fewer, or a change would go unseen, nor more, or a change would convert for nothing."""

    def imported(paths: Iterable[Path]) -> set[str]:
        text = "\n".join(path.read_text() for path in paths)
        return set(re.findall(r"^ *(?:from|import) function\.(\w+)", text, re.MULTILINE))

    found, wanted = set[str](), imported((root / "model_conversion").rglob("*.py"))
    while found != wanted:
        found = wanted
        wanted = found | imported(root / f"function/{name}.py" for name in found)
    assert {f"function/{name}.py" for name in found} == {name for name in SOURCES if name[:9] == "function/"}


def test_the_command_line_refuses_a_missing_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, one sentence."""
    model = str(tmp_path / "none.skops")
    assert main(["--model", model, "--data", "d.csv", "--build", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path}/none.skops is missing; ")


def test_another_model_needs_its_own_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The example's rows would prove nothing about it."""
    assert main(["--model", "mine.skops", "--build", str(tmp_path)]) == 2
    assert "mine.skops has no data to be proved on; give --data" in capsys.readouterr().err


def test_what_the_person_trusts_is_part_of_the_command(conversion: Conversion) -> None:
    """And another target is another conversion."""
    _convert(conversion)
    changed = replace(conversion, schema=None, target="t", trust=("a.B", "c.D"), trust_pickle=True)
    wanted = ["--target", "t", "--evidence", str(conversion.evidence), "--out", str(conversion.out)]
    assert changed.command[-11:] == [*wanted, "--trust", "a.B", "--trust", "c.D", "--trust-pickle"]
    assert "--schema" not in changed.command
    assert replace(conversion, target="t").is_needed()


def test_the_command_line_converts_and_then_finds_nothing_to_do(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real conversion, as ``make convert`` and ``make serve`` run it."""
    monkeypatch.chdir(root)
    assert main(["--build", str(tmp_path)]) == 0
    assert (tmp_path / "model/model.onnx").is_file()
    capsys.readouterr()
    assert main(["--build", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/model is unchanged\n"
