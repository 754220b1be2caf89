"""The image, really built from ``function/Dockerfile``, and the handler inside it, without AWS and without an engine.

The base is a stand-in: Debian's Python 3.13 with the runtime client, where Lambda's own base image has Amazon Linux.
"""

import json
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from function.contract import Contract
from function.routes import DESCRIPTION_FILE
from infra.bundle import Bundle, build
from infra.tree import digest
from loadtests.bench_candidates import http_event
from loadtests.runtime_api import Environment, environment
from tests.e2e.container import Buildah, missing
from tests.e2e.debian import UnavailableError, unpack

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif((reason := missing()) is not None, reason=reason or ""),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the base is stood in for on x86_64 only"),
]

MOST_BYTES = 45_000_000
"""Of the layers beyond the base: what a cold start may have to fetch."""

PYTHON = ("base-files", "python3.13-minimal", "libpython3.13-stdlib", "libstdc++6")
CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")
BASE = """\
FROM scratch
COPY . /
ENTRYPOINT ["/usr/bin/python3.13", "-m", "awslambdaric"]
"""
FIRST_EMULATOR = 9
"""qemu's older user-mode emulation shows a program the real machine's processors, at which onnxruntime crashes."""

ASK = """\
import json, sys, types
from function.handler import handler
context = types.SimpleNamespace(aws_request_id="r")
print("ANSWERS", json.dumps([handler(event, context) for event in json.loads(sys.argv[1])]))
"""


class Image(NamedTuple):
    """A built image in its store."""

    store: Buildah
    base: str
    tag: str
    bundle: Bundle


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Half a gigabyte of images, gone afterwards."""
    folder = tmp_path_factory.mktemp("images")
    yield folder
    shutil.rmtree(folder)


def _image(scratch: Path, bundle: Bundle, *, architecture: str) -> Image:
    """Build base and image."""
    try:
        root = unpack(
            PYTHON,
            architecture=architecture,
            scratch=scratch / f"apt-{architecture}",
            into=scratch / architecture,
        )
    except UnavailableError as error:
        pytest.skip(str(error))
    packages = root / "usr/local/lib/python3.13/dist-packages"
    for name in CLIENT:
        for file in distribution(name).files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path(str(file.locate())), packages / file)
    dockerfile = scratch / f"base-{architecture}.Dockerfile"
    dockerfile.write_text(BASE)
    store = Buildah(folder=scratch / "buildah")
    base = store.build(
        root, dockerfile=dockerfile, tag=f"localhost/base:{architecture}", architecture=architecture
    )
    tag = store.build(
        bundle.path,
        dockerfile=bundle.path / "function/Dockerfile",
        tag=f"localhost/function:{architecture}",
        base=base,
        architecture=architecture,
    )
    return Image(store, base, tag, bundle)


@pytest.fixture(scope="module")
def image(scratch: Path, real_bundle: Bundle) -> Image:
    """The example's image for x86-64."""
    return _image(scratch, real_bundle, architecture="amd64")


@pytest.fixture(scope="module")
def container(image: Image) -> str:
    """A container of it."""
    return image.store.container(image.tag)


class Running(NamedTuple):
    """The handler in the container, with what it wrote and which addresses were connected to."""

    child: Environment
    log: Path
    trace: Path
    address: str


@pytest.fixture(scope="module")
def running(image: Image, container: str, scratch: Path) -> Iterator[Running]:
    """As Lambda starts it: the image's entry point and command, its environment and the deployment's."""
    configuration = image.store.configuration(image.tag)
    command = image.store.command(
        container,
        [*configuration["Entrypoint"], *configuration["Cmd"]],
        {"NIGHTJAR_CONTRACT_SHA256": image.bundle.contract_sha256, "AWS_LAMBDA_LOG_FORMAT": "JSON"},
    )
    trace = scratch / "trace"
    if shutil.which("strace"):
        command = ["strace", "-f", "-qq", "-e", "trace=connect,sendto", "-o", str(trace), *command]
    with environment(command, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, log=scratch / "log") as child:
        yield Running(child, scratch / "log", trace, child.address)


def _instance(contract: Contract) -> tuple[dict[str, Any], float]:
    """Return a golden row and its probability."""
    golden, positive = contract.golden.rows[0], contract.outputs.positive
    assert positive is not None
    return dict(golden.row), golden.scores[positive]


def test_the_image_adds_the_bundle_and_nothing_else(image: Image, container: str) -> None:
    """One layer of at most 45 MB, and the task root has the bundle's very bytes."""
    base, whole = image.store.layers(image.base), image.store.layers(image.tag)
    assert list(whole)[: len(base)] == list(base)
    added = [size for layer, size in whole.items() if layer not in base]
    assert len(added) == 1
    assert image.bundle.size_bytes < sum(added) <= MOST_BYTES
    assert digest(image.store.mounted(container) / "var/task") == image.bundle.digest


def test_the_image_says_what_lambda_runs(image: Image) -> None:
    """The handler as its command; the base's entry point stays; telemetry is off whoever starts it."""
    configuration = image.store.configuration(image.tag)
    assert configuration["Cmd"] == ["function.handler.handler"]
    assert configuration["Entrypoint"] == image.store.configuration(image.base)["Entrypoint"]
    assert configuration["WorkingDir"] == "/var/task"
    assert "ORT_DISABLE_TELEMETRY=1" in configuration["Env"]


def test_the_handler_in_the_image_answers_the_golden_rows(running: Running, contract: Contract) -> None:
    """By the invocation with which a deployment proves a new version."""
    answer = running.child.invoke({})
    assert answer.kind == "response"
    assert json.loads(answer.body) == {"self_test": "passed", "rows": len(contract.golden.rows)}


def test_the_handler_in_the_image_answers_a_request(running: Running, contract: Contract) -> None:
    """With the known probability, and with one line and one metric in the log."""
    row, probability = _instance(contract)
    answer = running.child.invoke(http_event("/predictions", {"instances": [row]}))
    response = json.loads(answer.body)
    assert (answer.kind, response["statusCode"]) == ("response", 200)
    (prediction,) = json.loads(response["body"])["predictions"]
    assert prediction["probability"] == pytest.approx(probability, abs=contract.golden.tolerance)
    lines = running.log.read_text()
    assert '"message":"predicted"' in lines
    assert '"PredictionProbability"' in lines


def test_the_handler_in_the_image_serves_its_description(running: Running, image: Image) -> None:
    """A file of the bundle, read from where the image put it."""
    event = http_event("/openapi.json", {}) | {"body": None}
    event["requestContext"]["http"]["method"] = "GET"
    response = json.loads(running.child.invoke(event).body)
    assert json.loads(response["body"]) == json.loads((image.bundle.path / DESCRIPTION_FILE).read_bytes())


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_nothing_in_the_image_reports_to_anybody(running: Running) -> None:
    """From the first process to the last request, all threads: the Runtime API's address and no other."""
    running.child.invoke({})
    port = running.address.rpartition(":")[2]
    calls = [line for line in running.trace.read_text().splitlines() if "AF_INET" in line]
    assert len(calls) > 0
    assert [line for line in calls if not re.search(rf'htons\({port}\).*"127\.0\.0\.1"', line)] == []


@pytest.mark.emulated_arm64
def test_the_image_for_arm64_answers_under_emulation(
    scratch: Path, artefact: Path, contract: Contract, root: Path
) -> None:
    """Golden rows and one request, by the aarch64 interpreter and library; times there mean nothing."""
    emulator = _emulator(scratch)
    bundle = build(artefact, scratch / "bundle-arm64", cache=root / "build/cache", architecture="arm64")
    image = _image(scratch, bundle, architecture="arm64")
    assert image.store.configuration(image.tag)["architecture"] == "arm64"
    files = image.store.mounted(image.store.container(image.tag))
    row, probability = _instance(contract)
    events = [{}, http_event("/predictions", {"instances": [row]})]
    done = subprocess.run(
        [emulator, "-L", files, files / "usr/bin/python3.13", "-c", ASK, json.dumps(events)],
        env={
            "PYTHONPATH": str(files / "var/task"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "ORT_DISABLE_TELEMETRY": "1",
            "NIGHTJAR_CONTRACT_SHA256": bundle.contract_sha256,
        },
        cwd=files / "var/task",
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("ANSWERS ")]
    proved, response = json.loads(line.removeprefix("ANSWERS "))
    assert proved == {"self_test": "passed", "rows": len(contract.golden.rows)}
    (prediction,) = json.loads(response["body"])["predictions"]
    assert prediction["probability"] == pytest.approx(probability, abs=contract.golden.tolerance)


def _emulator(scratch: Path) -> str:
    """Return qemu's user-mode emulation of aarch64: the system's, or Debian's package unpacked."""
    if (found := shutil.which("qemu-aarch64")) is not None:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
        version = re.search(r"version (\d+)", said)
        if version is not None and int(version[1]) >= FIRST_EMULATOR:
            return found
    try:
        root = unpack(
            ["qemu-user"],
            architecture="amd64",
            scratch=scratch / "apt-qemu",
            into=scratch / "qemu",
            only="./usr/bin/qemu-aarch64",
        )
    except UnavailableError as error:
        pytest.skip(f"no qemu-user: {error}")
    return str(root / "usr/bin/qemu-aarch64")
