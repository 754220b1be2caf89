"""The commands of docs/conversion.md are run as they stand there; its exit codes are the program's."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model_conversion import errors
from model_conversion.benchmark.__main__ import main as benchmark
from model_conversion.cli import main


def commands(root: Path) -> list[list[str]]:
    """Return the documented commands, in order, without the interpreter's path."""
    blocks = re.findall(r"```sh\n(.*?)```", (root / "docs/conversion.md").read_text(), re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in lines]


@pytest.mark.slow
def test_each_documented_command_does_what_it_says(root: Path, tmp_path: Path) -> None:
    """In an order that works: convert, schema, verify, inspect."""
    for name in ("model", "function", "model_conversion"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "build").mkdir()
    ran = []
    for command in commands(root):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (command, done.stderr)
        ran.append(command[2])
    assert ran == ["convert", "schema", "verify", "inspect"]
    assert {path.name for path in (tmp_path / "build/model").iterdir()} == {
        "model.onnx",
        "contract.json",
        "report.json",
        "report.html",
    }
    assert "sleeps_8_hours" in (tmp_path / "build/schema.toml").read_text()


def test_every_option_that_is_documented_exists(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And so do the commands."""
    text = (root / "docs/conversion.md").read_text()
    helped = ""
    for name in ("convert", "verify", "schema", "inspect"):
        with pytest.raises(SystemExit):
            main([name, "--help"])
        helped += capsys.readouterr().out
    with pytest.raises(SystemExit):
        benchmark(["--help"])
    helped += capsys.readouterr().out
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    assert named
    assert {option for option in named if option not in helped} == set()


def test_the_documented_exit_codes_are_the_programs(root: Path) -> None:
    """Each error of the conversion has a row."""
    text = (root / "docs/conversion.md").read_text()
    documented = {int(code) for code in re.findall(r"^\| (\d) \|", text, re.MULTILINE)}
    kinds = [item for item in vars(errors).values() if isinstance(item, type) and hasattr(item, "exit_code")]
    assert documented == {0} | {kind.exit_code for kind in kinds}


def test_make_serve_takes_the_documented_variables(root: Path) -> None:
    """What README and docs tell a person to type reaches the program."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    arguments = ["MODEL=mine.skops", "DATA=mine.csv", "TARGET=column", "TRUST=a.B c.D", "TRUST_PICKLE=1"]
    done = subprocess.run(
        [make, "-n", "-o", ".venv/.synced", "serve", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    wanted = (
        '--model "mine.skops" --data "mine.csv" --target "column" --trust "a.B" --trust "c.D" --trust-pickle'
    )
    assert wanted in re.sub(r"\s+", " ", done.stdout)
