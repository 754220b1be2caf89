"""A bundle small enough to make for every test run: the real artefact, and stand-ins for code and library."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from function.ort import LIBRARY_NAME
from infra.bundle import Bundle, read

HANDLER = """\
import json

def handler(event, context):
    if "requestContext" not in event:
        return {"self_test": "passed"}
    http = event["requestContext"]["http"]
    answer = {"route": event["routeKey"], "path": event["rawPath"], "method": http["method"]}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(answer)}
"""


@pytest.fixture
def make_bundle(tmp_path: Path, artefact: Path) -> Callable[..., Path]:
    """Return a function that writes a small bundle."""

    def make(*, architecture: str = "x86_64", handler: str = HANDLER) -> Path:
        return _write(tmp_path / "bundle", artefact, architecture=architecture, handler=handler)

    return make


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory, artefact: Path) -> Bundle:
    """A small bundle; not to be changed."""
    return read(_write(tmp_path_factory.mktemp("small") / "bundle", artefact))


def _write(folder: Path, artefact: Path, *, architecture: str = "x86_64", handler: str = HANDLER) -> Path:
    shutil.copytree(artefact, folder / "model")
    manifest = {"architecture": architecture, "dependencies": {"onnxruntime": "0.0.0"}}
    for path, text in {
        "bundle.json": json.dumps(manifest),
        f"lib/{LIBRARY_NAME}": "",
        "function/__init__.py": "",
        "function/handler.py": handler,
        "function/Dockerfile": "FROM scratch\n",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder
