"""docs/your-model.md, typed as it stands: every command, every file, on a copy of the repository's tree."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import joblib
import pytest
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier

from infra.local.http import request
from tests.e2e.serving import Server
from tests.e2e.test_models import text_classifier

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("make"), reason="make is not installed"),
]

LINKED = (
    *(
        "model",
        "function",
        "model_conversion",
        "infra",
        "loadtests",
        "Makefile",
        "cdk.json",
        "pyproject.toml",
    ),
    *("uv.lock", ".python-version", ".ci", ".venv", ".tools"),
)
WHAT_IFS = re.compile(r"(\n\[\[features\]\]\n(?:#.*\n)*name = \"bmi\"\n(?:.+\n)*)")


def documented(root: Path, language: str) -> list[str]:
    """Return the guide's code blocks in one language."""
    text = (root / "docs/your-model.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def tree(root: Path, tmp_path: Path) -> Path:
    """A folder like a clone, whose build and mine are its own."""
    if not (root / ".venv").exists() or not (root / ".tools/uv").exists():
        pytest.skip("there is no .venv of make setup")
    for name in LINKED:
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "build").mkdir()
    if (root / "build/cache").exists():
        (tmp_path / "build/cache").symlink_to(root / "build/cache")
    (tmp_path / "mine").mkdir()
    return tmp_path


@pytest.fixture
def serve(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """Return a function that types a command and waits until the server has said all."""
    servers: list[Server] = []

    def run(command: str) -> Server:
        # bash -c exec: a shell's rules for quotes, no shell in between
        typed = ["bash", "-c", f"exec {command.strip()}"]
        servers.append(Server(typed, folder=tree, temporary=tmp_path_factory.mktemp("temporary")))
        servers[-1].read_until("Ctrl-C ends it")
        return servers[-1]

    yield run
    for server in servers:
        if server.process.poll() is None:
            server.end(signal.SIGTERM, group=True)


def typed(command: str, tree: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that ends."""
    return subprocess.run(["bash", "-c", command], cwd=tree, capture_output=True, text=True, check=False)


def answer_to_printed_command(server: Server) -> dict[str, object]:
    """Paste the curl command."""
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    done = subprocess.run(["sh", "-c", server.line("curl ")], capture_output=True, text=True, check=True)
    (prediction,) = json.loads(done.stdout)["predictions"]
    return dict(prediction)


def counted(console: str) -> float:
    """Return how many invocations the dashboard preview shows."""
    page = request(f"{console.rstrip('/')}/dashboard.json")
    assert page is not None
    widgets = json.loads(page.body)["widgets"]
    (series,) = [
        line["values"]
        for widget in widgets
        if widget["title"] == "Invocations and errors"
        for line in widget["lines"]
        if line["label"] == "Invocations"
    ]
    return sum(value or 0 for value in series)


def test_from_a_pipeline_and_a_csv_to_an_api_and_a_dashboard(
    root: Path, tree: Path, serve: Callable[[str], Server]
) -> None:
    """The regressor's road: serve, schema, evidence, advice."""
    (script,) = documented(root, "python")
    setup, first, schema, evidence, second = documented(root, "sh")
    better, what_ifs = documented(root, "toml")
    (tree / "mine/train.py").write_text(script)
    for line in setup.splitlines():
        done = typed(line, tree)
        assert done.returncode == 0, done.stderr

    server = serve(first)
    assert "value" in answer_to_printed_command(server)
    console = server.line("console ").removeprefix("console ")
    contract = json.loads((tree / "build/model/contract.json").read_text())
    assert contract["model"]["task"] == "regression"
    asked = request(f"{console.rstrip('/')}/api/v2/health/ready")
    assert asked is not None
    assert asked.status == 200
    body = json.dumps({"instances": [{item["name"]: item["example"] for item in contract["features"]}]})
    before = counted(console)
    asked = request(f"{console.rstrip('/')}/api/predictions", body=body.encode())
    assert asked is not None
    assert asked.status == 200, asked.body
    deadline = time.monotonic() + 20
    while counted(console) <= before:
        assert time.monotonic() < deadline, "the preview does not count the request"
    server.end(signal.SIGINT, group=True)
    assert server.leftovers() == []

    done = typed(schema, tree)
    assert done.returncode == 0, done.stderr
    text = (tree / "mine/schema.toml").read_text()
    text = text.replace("[target]\n", f"[target]\n{better}", 1)
    text, edited = WHAT_IFS.subn(lambda found: f"{found[0]}\n{what_ifs}", text)
    assert edited == 1
    (tree / "mine/schema.toml").write_text(text)
    done = typed(evidence, tree)
    assert done.returncode == 0, done.stderr
    told = [line.split()[:2] for line in done.stdout.splitlines() if "bmi:" in line]
    assert told == [["yes", "bmi:"], ["no", "bmi:"]]

    server = serve(second)
    contract = json.loads((tree / "build/model/contract.json").read_text())
    (what_if,) = contract["actionable"]
    heavy = {item["name"]: item["example"] for item in contract["features"]} | {"bmi": 35}
    url = server.line("READY ").removeprefix("READY ")
    asked = request(f"{url}/predictions", body=json.dumps({"instances": [heavy]}).encode())
    assert asked is not None
    (prediction,) = json.loads(asked.body)["predictions"]
    assert [piece["text"] for piece in prediction["advice"]] == [what_if["text"]]
    assert prediction["advice"][0]["value"] < prediction["value"]
    server.end(signal.SIGINT, group=True)
    assert server.leftovers() == []


def wine(folder: Path) -> None:
    """Save a forest of three classes as joblib does."""
    frame = load_wine(as_frame=True).frame.rename(columns={"target": "kind"})
    model = RandomForestClassifier(30, random_state=0).fit(frame.drop(columns="kind"), frame["kind"])
    joblib.dump(model, folder / "wine.joblib")
    frame.to_csv(folder / "wine.csv", index=False)


def command_for(root: Path, name: str) -> str:
    """Return the command in a model's row of the guide's table."""
    text = (root / "docs/your-model.md").read_text()
    (command,) = re.findall(rf"\| `(make serve MODEL=mine/{name} [^`]*)` \|", text)
    return command


def test_the_tables_forest_answers(root: Path, tree: Path, serve: Callable[[str], Server]) -> None:
    """By the command in its row: a pickle by consent, three classes."""
    wine(tree / "mine")
    server = serve(command_for(root, "wine.joblib"))
    prediction = answer_to_printed_command(server)
    assert {"label", "probabilities"} <= prediction.keys()
    server.end(signal.SIGINT, group=True)
    assert server.leftovers() == []


def test_the_tables_text_model_is_converted(root: Path, tree: Path) -> None:
    """By the command in its row but for the serving, which test_models does with the same model."""
    text_classifier(tree / "mine")
    done = typed(command_for(root, "topics.skops").replace("make serve", "make convert"), tree)
    assert done.returncode == 0, done.stderr
    contract = json.loads((tree / "build/model/contract.json").read_text())
    assert [item["kind"] for item in contract["features"]] == ["text"]


def test_another_versions_model_is_refused_as_the_guide_says(root: Path, tree: Path) -> None:
    """The message is the one printed there, and the way out names this repository's uv."""
    shutil.copy(root / "tests/model_conversion/versions/tumours.skops", tree / "mine")
    (tree / "mine/tumours.csv").write_text("mean radius,mean texture,worst area,kind\n1,1,1,1\n")
    done = typed("make serve MODEL=mine/tumours.skops DATA=mine/tumours.csv TARGET=kind", tree)
    assert done.returncode != 0
    (quoted,) = documented(root, "text")
    said = " ".join(done.stderr.split() + done.stdout.split())
    assert " ".join(quoted.split()).removesuffix(" …") in said
    (way_out,) = documented(root, "console")
    assert shlex.join(shlex.split(way_out.removeprefix("$ "))) in said
    assert os.access(tree / ".tools/uv", os.X_OK)
