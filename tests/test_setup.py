"""From a clean clone, whatever stands on the machine: ``make test-setup``.

Each test installs the locked packages into a copy of the files that decide them, with the real uv. All but the first
find uv where an earlier ``make`` has put it, and what uv has downloaded before, so that they need seconds.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.setup

ROOT = Path(__file__).resolve().parent.parent
FILES = (".ci/toolchain", "Makefile", "pyproject.toml", "uv.lock", ".python-version", "package.json")

TOOLS = (
    *(
        "sh",
        "env",
        "make",
        "awk",
        "cat",
        "dirname",
        "head",
        "ln",
        "mkdir",
        "printf",
        "rm",
        "sed",
        "sort",
        "touch",
    ),
    *("uname", "which", "ls", "cp", "mv", "grep", "tr", "cut", "ldd", "getconf", "id"),
)
"""What the commands use of a system; neither uv nor Node is among it."""

DRIVES_CDK = """
import os
from infra.app import NODE
os.environ.setdefault("JSII_NODE", str(NODE))
import constructs
print("constructed")
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What a clean clone holds that the set-up reads, in a folder whose path has blanks."""
    folder = tmp_path / "a clean clone"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder with a system's tools and Python 3.13, to be the only one on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    (folder / "python3.13").symlink_to(os.path.realpath(sys.executable))
    return folder


@pytest.fixture
def run(clone: Path, path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a command in the clone with that PATH alone."""

    def command(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("UV", "VIRTUAL"))}
        env |= {"PATH": str(path), **more}
        return subprocess.run(
            arguments, cwd=clone, env=env, capture_output=True, text=True, check=False, timeout=600
        )

    return command


def keep_uv(clone: Path) -> None:
    """Give the clone the uv that an earlier make installed, or that is on PATH."""
    uv = (ROOT / ".tools/uv").resolve()
    if not uv.exists():
        pytest.skip("there is no .tools/uv: make setup")
    (clone / ".tools/venv/bin").mkdir(parents=True)
    (clone / ".tools/venv/bin/uv").symlink_to(uv)


def program(path: Path, name: str, text: str) -> None:
    """Put a program on PATH."""
    (path / name).write_text(f"#!/bin/sh\n{text}\n")
    (path / name).chmod(0o755)


def is_set_up(clone: Path) -> bool:
    """Tell whether the clone's environment has what is locked."""
    python = clone / ".venv/bin/python"
    if not (clone / ".venv/.synced").exists():
        return False
    program = (
        "from importlib.metadata import version; version('scikit-learn'); version('locust'); import numpy"
    )
    return subprocess.run([python, "-c", program], check=False).returncode == 0


def test_without_uv_one_is_installed(
    clone: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """By Python's own pip, into the clone; needs a package index."""
    done = run("make", "setup")
    assert done.returncode == 0, done.stderr
    assert "installing uv with python3.13 into .tools/venv" in done.stderr
    assert (clone / ".tools/uv").resolve() == (clone / ".tools/venv/bin/uv").resolve()
    assert is_set_up(clone)


@pytest.mark.parametrize(
    "text",
    ["exit 127", "echo uv 0.4.30", "echo pyenv: uv: command not found >&2; exit 127"],
    ids=["broken", "old", "shim"],
)
def test_a_uv_that_does_not_serve_is_passed_over(
    clone: Path, path: Path, run: Callable[..., subprocess.CompletedProcess[str]], text: str
) -> None:
    """A version manager's shim that does not run, and one too old to read the lock."""
    keep_uv(clone)
    program(path, "uv", text)
    done = run("make", "setup")
    assert done.returncode == 0, done.stderr
    assert (clone / ".tools/uv").resolve() == (clone / ".tools/venv/bin/uv").resolve()
    assert is_set_up(clone)


@pytest.mark.parametrize("node", [None, "echo v20.19.0; exit 1"], ids=["no Node", "Node 20"])
def test_the_locked_node_is_used(
    clone: Path, path: Path, run: Callable[..., subprocess.CompletedProcess[str]], node: str | None
) -> None:
    """By the CDK's kernel and by npm, whatever is on PATH, in a path with blanks too."""
    keep_uv(clone)
    if node is not None:
        program(path, "node", node)
    assert run("make", "setup").returncode == 0
    for name in ("infra", "function"):
        (clone / name).symlink_to(ROOT / name)
    done = run(".venv/bin/python", "-c", DRIVES_CDK)
    assert (done.returncode, done.stdout) == (0, "constructed\n"), done.stderr
    for name in ("node", "npm"):
        done = run(f".venv/bin/{name}", "--version")
        assert done.returncode == 0, done.stderr
        assert int(done.stdout.lstrip("v").split(".")[0]) >= (24 if name == "node" else 10)


def test_a_home_that_cannot_be_written_is_no_obstacle(
    clone: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Downloads are kept in the clone; here the folder leads to what was downloaded before."""
    keep_uv(clone)
    uv = clone / ".tools/venv/bin/uv"
    cache = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    (clone / ".tools/cache").symlink_to(cache)
    done = run("make", "setup", HOME="/proc/nohome", XDG_CACHE_HOME="/proc/nohome/.cache")
    assert done.returncode == 0, done.stderr
    assert is_set_up(clone)


def test_an_interrupted_set_up_is_taken_up_again(
    clone: Path, path: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Ctrl-C while packages are installed: nothing goes on running, and the next command installs the rest."""
    keep_uv(clone)
    process = subprocess.Popen(
        ["make", "setup"],
        cwd=clone,
        env={**os.environ, "PATH": str(path)},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    while not (clone / ".venv").exists():
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert not (clone / ".venv/.synced").exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert run("make", "setup").returncode == 0
    assert is_set_up(clone)


def test_an_environment_without_an_interpreter_is_made_anew(
    clone: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """What an interruption in the first moments leaves, which uv refuses."""
    keep_uv(clone)
    (clone / ".venv").mkdir()
    (clone / ".venv/CACHEDIR.TAG").touch()
    done = run("make", "setup")
    assert done.returncode == 0, done.stderr
    assert is_set_up(clone)


def test_without_the_right_python_nothing_is_downloaded(
    clone: Path, path: Path, run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """The message says how to get one."""
    keep_uv(clone)
    (path / "python3.13").unlink()
    home = tmp_path / "home"
    done = run("make", "setup", HOME=str(home), PYENV_ROOT=str(home), XDG_DATA_HOME=str(home))
    if done.returncode == 0:
        pytest.skip("uv finds Python 3.13 in a place of the system's")
    assert "Python 3.13 is wanted and none is installed" in done.stderr
    assert "uv python install 3.13" in done.stderr
    assert not (clone / ".venv").exists()
