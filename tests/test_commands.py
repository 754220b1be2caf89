"""Every command line of the repository keeps the same manners, and ``make`` alone lists every command."""

import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("function", "model_conversion", "infra", "loadtests", "model")

PARTS = {"infra.local.app", "loadtests.bench_warm", "model_conversion.benchmark.trial"}
"""Started by another program, npm's CDK or a benchmark, never by a person."""

SUBCOMMANDS = ("convert", "verify", "schema", "evidence", "inspect")

WORDS = {
    "--artifact": "--artefact",
    "--confirm": "--force",
    "--dataset": "--data",
    "--env": "--stage",
    "--environment": "--stage",
    "--format": "--json",
    "--iterations": "--rounds",
    "--output": "--out",
    "--output-dir": "--out",
    "--timeout": "--timeout-s",
    "--yes": "--force",
}
"""What an option is not called → what it is called here."""

TABLES = {
    "infra.capacity plan",
    "infra.capacity price",
    "infra.local.prove",
    "infra.teardown",
    "loadtests.bench",
    "loadtests.bench_simulator",
    "loadtests.bench_versions",
    "loadtests.compare",
    "loadtests.gate",
    "model.train",
    "model_conversion convert",
    "model_conversion evidence",
    "model_conversion inspect",
    "model_conversion verify",
    "model_conversion.benchmark",
    "model_conversion.corpus",
}
"""Commands that print a table, and so take ``--json``."""


def modules() -> list[str]:
    """Return what can stand behind ``python -m``, found by the line that starts a program."""
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if '\nif __name__ == "__main__":' in path.read_text(encoding="utf-8"):
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                found.append(name.removesuffix(".__main__"))
    return [name for name in found if name not in PARTS]


DERIVED = ("CDK", "CURDIR", "FILES", "ON_AWS", "SETTINGS", "TRUSTED", "UV")
"""What the Makefile makes of the variables that a person gives."""

COMMANDS = [
    *modules(),
    *(f"model_conversion {name}" for name in SUBCOMMANDS),
    *(f"infra.capacity {name}" for name in ("plan", "price", "measurements")),
]


def main_of(command: str) -> Callable[[list[str]], int]:
    """Return a command's main, subcommand bound."""
    name, *subcommand = command.split()
    folder = ROOT / name.replace(".", "/")
    module = importlib.import_module(f"{name}.__main__" if folder.is_dir() else name)
    return lambda arguments: module.main([*subcommand, *arguments])


@pytest.fixture
def helped(capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Return a function that asks a command for help."""

    def ask(command: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main_of(command)(["--help"])
        assert ended.value.code == 0
        return capsys.readouterr().out

    return ask


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_and_the_exit_codes(command: str, helped: Callable[[str], str]) -> None:
    """The example is a command that can be copied; 0 and 2 mean the same everywhere."""
    text = helped(command)
    example = re.search(r"example:\s+python -m (\S+(?: [a-z]+)?)", text)
    assert example is not None
    assert example[1].startswith(command)
    codes = text.lower().partition("exit codes:")[2]
    assert re.search(r"\b0 \w+", codes)
    assert re.search(r"\b2 \w+", codes)
    assert "``" not in text


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_is_explained_and_called_as_elsewhere(command: str, helped: Callable[[str], str]) -> None:
    """One word for one thing: --out, --artefact, --json, --force."""
    text = helped(command).partition("example:")[0]
    assert {word for word in WORDS if re.search(rf"{word}(?![\w-])", text)} == set()
    options = text.partition("options:")[2]
    lines = re.split(r"\n  (?=-)", options)[1:]
    for line in lines:
        # argparse puts the explanation behind two blanks, or on a line of its own.
        assert re.search(r"\S(?: {2,}|\n +)\S", line.strip()), line


@pytest.mark.parametrize("command", COMMANDS)
def test_what_prints_a_table_prints_json_too(command: str, helped: Callable[[str], str]) -> None:
    """And nothing else pretends to."""
    assert ("--json" in helped(command)) == (command in TABLES or command == "infra.bundle")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_option_is_a_usage_error(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 and the usage."""
    with pytest.raises(SystemExit) as ended:
        main_of(command)(["--no-such-option"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: python -m ")


WRONG = [
    ("infra.app", ["--bundle", "{none}"]),
    ("infra.app", ["-c", "memory_mb"]),
    ("infra.app", ["-c", "no_such_setting=1"]),
    ("infra.app", ["--stage", "staging"]),
    ("infra.bundle", ["--artefact", "{none}"]),
    ("infra.bundle", ["--architecture", "mips"]),
    ("infra.capacity", ["no-such-command"]),
    ("infra.capacity plan", ["--traffic", "{none}.toml", "--no-schedule"]),
    ("infra.capacity plan", ["--traffic", "{file}", "--no-schedule"]),
    ("infra.capacity plan", ["--traffic", "{file}", "--time-zone", "Nowhere", "--no-schedule"]),
    ("infra.capacity plan", ["--template", "{none}", "--no-schedule"]),
    ("infra.capacity plan", ["--weeks", "0"]),
    ("infra.capacity price", ["--region", "nowhere"]),
    ("infra.capacity price", ["--template", "{file}"]),
    ("infra.capacity measurements", ["--bench", "{none}", "--out", "{folder}/new.json"]),
    ("infra.local.conversion", ["--model", "{none}.skops"]),
    ("infra.local.conversion", ["--model", "{none}.skops", "--data", "{none}.csv"]),
    ("infra.local.prove", ["--bundle", "{none}"]),
    ("infra.local.prove", ["--only", "nothing"]),
    ("infra.local.serve", ["--model", "{none}.skops"]),
    ("infra.local.serve", ["--port", "70000"]),
    ("infra.local.serve", ["--console-port", "web"]),
    ("infra.rollback", ["--stage", "staging"]),
    ("infra.slack_test", ["--stage", "staging"]),
    ("infra.teardown", []),
    ("loadtests.bench", ["--rounds", "0"]),
    ("loadtests.bench", ["--bundle", "{none}", "--out", "{none}"]),
    ("loadtests.bench_simulator", ["--runs", "1"]),
    ("loadtests.bench_simulator", ["--seconds", "inf"]),
    ("loadtests.bench_versions", []),
    ("loadtests.bench_versions", ["1.32.0", "--bundle", "{none}"]),
    ("loadtests.compare", ["--minutes", "none"]),
    ("loadtests.compare", ["--traffic", "{none}.toml", "--summary", "{none}"]),
    ("loadtests.gate", ["--artefact", "{none}"]),
    ("loadtests.gate", ["--data", "{none}"]),
    ("loadtests.gate", ["--host", "ftp://example.com"]),
    ("loadtests.gate", ["--users", "many"]),
    ("model.train", ["--data", "{none}.csv"]),
    ("model.train", ["--data", "{file}"]),
    ("model.train", ["--folds", "1", "--out", "{none}"]),
    ("model_conversion", []),
    ("model_conversion convert", ["{none}.skops", "--data", "{none}.csv", "--out", "{none}"]),
    ("model_conversion convert", ["{file}", "--data", "{file}", "--out", "{none}"]),
    ("model_conversion convert", ["{model}", "--data", "{file}", "--out", "{none}"]),
    ("model_conversion convert", ["{model}", "--data", "{data}", "--out", "{none}", "--timeout-s", "soon"]),
    ("model_conversion convert", ["{model}", "--data", "{data}", "--schema", "{file}", "--out", "{none}"]),
    ("model_conversion convert", ["{model}", "--data", "{data}", "--out", "{none}", "--precision", "half"]),
    ("model_conversion evidence", ["{model}", "--data", "{data}", "--out", "{none}"]),
    (
        "model_conversion evidence",
        ["{model}", "--data", "{data}", "--schema", "{schema}", "--out", "{none}", "--resamples", "0"],
    ),
    (
        "model_conversion evidence",
        ["{model}", "--data", "{data}", "--schema", "{schema}", "--out", "{none}", "--confidence", "95"],
    ),
    (
        "model_conversion evidence",
        ["{model}", "--data", "{data}", "--schema", "{schema}", "--out", "{none}", "--seed", "-1"],
    ),
    ("model_conversion inspect", ["{none}"]),
    ("model_conversion inspect", ["{folder}"]),
    ("model_conversion schema", ["--data", "{none}.csv"]),
    ("model_conversion schema", ["--data", "{data}", "--out", "{file}"]),
    ("model_conversion schema", ["--data", "{data}", "--out", "{none}/schema.toml"]),
    ("model_conversion verify", ["{none}", "--model", "{model}", "--data", "{data}"]),
    ("model_conversion.benchmark", ["--rounds", "0"]),
    ("model_conversion.benchmark", ["--only", "no such model"]),
    ("model_conversion.corpus", ["--jobs", "0"]),
    ("model_conversion.corpus", ["--only", "no such case"]),
    ("model_conversion.corpus", ["--only", "Forest", "--known", "{file}"]),
]


@pytest.mark.parametrize(("command", "arguments"), WRONG)
def test_bad_input_is_one_message_and_exit_code_2(
    command: str, arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    """Of whatever kind; no trace, and nothing is written."""
    monkeypatch.chdir(ROOT)
    file = tmp_path / "file.csv"
    file.write_text("not what\nis wanted\n")
    given = {
        "none": tmp_path / "none",
        "file": file,
        "folder": tmp_path,
        "model": ROOT / "model/sleep.skops",
        "data": ROOT / "model/data/yrbss.csv",
        "schema": ROOT / "model/schema.toml",
    }
    try:
        status = main_of(command)([argument.format(**given) for argument in arguments])
    except SystemExit as ended:
        status = ended.code
        assert capsys.readouterr().err.startswith("usage: python -m ")
    else:
        said = capsys.readouterr()
        assert said.err.startswith("error: "), said.err
        assert "Traceback" not in said.err
    assert status == 2
    assert {path.name for path in tmp_path.iterdir()} <= {"file.csv", "none"}
    assert not list(tmp_path.glob("none/*"))


def test_every_command_is_in_a_bad_input_test() -> None:
    """A new one is to be added above."""
    assert {command for command, _ in WRONG} >= set(COMMANDS)


PAGES = (
    "README.md",
    "model/README.md",
    *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
)


def called(text: str) -> list[tuple[str, str]]:
    """Return the command lines of ours in a text: command and what follows it."""
    lines = text.replace("\\\n", " ")
    found = re.findall(r"(?:python|python3) -m (?=[\w.]*\w)([\w.]+)((?:(?!&&| -m )[^`\n|;#])*)", lines)
    calls = []
    for name, rest in found:
        first = rest.split()[0] if rest.split() else ""
        calls.append((f"{name} {first}" if f"{name} {first}" in COMMANDS else name, rest))
    return [(name, rest) for name, rest in calls if name in COMMANDS]


def unknown_options(calls: list[tuple[str, str]], helped: Callable[[str], str]) -> list[tuple[str, set[str]]]:
    """Return the commands that are given an option that they do not have, with it."""
    option = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
    found = [(name, set(option.findall(rest)) - set(option.findall(helped(name)))) for name, rest in calls]
    return [(name, options) for name, options in found if options]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_gives_no_command_an_option_that_it_does_not_have(
    page: str, helped: Callable[[str], str]
) -> None:
    """Every ``python -m`` of README and docs can be typed as it stands."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert unknown_options(called(text), helped) == []


def test_interrupting_leaves_no_trace(tmp_path: Path) -> None:
    """Ctrl-C during a conversion is exit code 130 and no traceback."""
    import signal

    command = [sys.executable, "-m", "model_conversion", "convert", "model/sleep.skops", "--json"]
    command += ["--data", "model/data/yrbss.csv", "--out", str(tmp_path / "out")]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # a shell ignores it in background jobs
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.kill()
        process.communicate()
        pytest.skip("the kernel does not list children")
    while not children.read_text().strip():  # the conversion's own process has begun
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
class TestMake:
    """``make`` alone."""

    def listed(self) -> dict[str, str]:
        """Return command → what it says about itself."""
        done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
        lines = [line for line in done.stdout.splitlines() if line.startswith("  make ")]
        return {line.split()[1]: " ".join(line.split()[2:]) for line in lines}

    def test_it_lists_every_command_with_one_line(self) -> None:
        """Each fits on a terminal of 110 characters."""
        listed = self.listed()
        text = (ROOT / "Makefile").read_text()
        targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE)) - {"on-aws", "prod-template"}
        assert set(listed) == targets
        assert all(listed.values())
        assert {name: line for name, line in listed.items() if len(line) > 90} == {}

    def test_every_option_in_a_recipe_is_one_that_its_command_takes(
        self, helped: Callable[[str], str]
    ) -> None:
        """With every variable given, so that no option hides in a condition."""
        names = set(re.findall(r"\$\((?:if |origin |value )?([A-Z_]+)", (ROOT / "Makefile").read_text()))
        given = [
            f"{name}=x" for name in sorted(names - {"PYTHON", "MAKE", "ARGS", "MAKEFILE_LIST", *DERIVED})
        ]
        given += ["STAGE=dev", "ARGS="]
        found = set()
        for target in self.listed():
            done = subprocess.run(["make", "-n", target, *given], cwd=ROOT, capture_output=True, text=True)
            for words in re.findall(r"-m (\S+.*)", re.sub(r"\\\n", " ", done.stdout)):
                for line in re.split(r" -m |&&|;", words):
                    module, *rest = line.split()
                    command = f"{module} {rest[0]}" if rest and f"{module} {rest[0]}" in COMMANDS else module
                    if command in COMMANDS:
                        found |= {(command, word) for word in rest if word.startswith("--")}
        assert len(found) > 20
        unknown = {(command, word) for command, word in found if not re.search(rf"{word}\b", helped(command))}
        assert unknown == set()

    def test_the_pages_name_no_command_and_no_variable_that_is_not_there(self) -> None:
        """What docs say to ``make`` is in the Makefile."""
        text = (ROOT / "Makefile").read_text()
        variables = set(re.findall(r"\$\((?:value )?(?:or \$\()?([A-Z_]+)\)", text)) | {"STAGE"}
        for page in PAGES:
            for command in re.findall(r"(?:`|^)make ([^`\n#]+)", (ROOT / page).read_text(), re.MULTILINE):
                words = re.sub(r"\"[^\"]*\"", "", command).split()
                targets = {word for word in words if re.fullmatch("[a-z][a-z-]*", word)}
                assert targets <= set(self.listed()), (page, command)
                names = {word.partition("=")[0] for word in words if "=" in word}
                assert names <= variables, (page, command)

    def test_the_readme_names_every_command(self) -> None:
        """And none that is not there."""
        named = set(re.findall(r"`make ([a-z-]+)", (ROOT / "README.md").read_text()))
        listed = set(self.listed())
        assert named <= listed
        assert listed - named <= {"help", "clean", "system-deps"}


def test_json_is_json(capsys: pytest.CaptureFixture[str], artefact: Path) -> None:
    """Nothing but one document on standard output."""
    assert main_of("model_conversion inspect")([str(artefact), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"]["name"] == "sleep"
