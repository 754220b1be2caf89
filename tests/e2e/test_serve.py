"""``make serve`` as a person uses it: two at once, the printed command pasted, Ctrl-C at any moment."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.local.http import request
from tests.e2e.serving import Server

pytestmark = pytest.mark.e2e

type Start = Callable[[], Server]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for what is made; a second server finds the conversion done."""
    return tmp_path_factory.mktemp("build")


@pytest.fixture
def start(root: Path, build: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Return a function that starts a server."""
    servers: list[Server] = []

    def run() -> Server:
        command = [sys.executable, "-m", "infra.local.serve", "--build", str(build)]
        servers.append(Server(command, folder=root, temporary=tmp_path_factory.mktemp("temporary")))
        return servers[-1]

    yield run
    for server in servers:
        if server.process.poll() is None:
            server.end(signal.SIGTERM)


def test_two_servers_of_one_repository_answer_the_printed_command_and_leave_nothing(start: Start) -> None:
    """They build one after the other and serve side by side."""
    first, second = servers = [start(), start()]
    for server in servers:
        server.read_until("Ctrl-C ends it")
    urls = [server.line("READY ").removeprefix("READY ") for server in servers]
    assert urls[0] != urls[1]
    times = [line for line in first.output.splitlines() if " … " in line]
    assert [t.split()[0] for t in times] == ["convert", "bundle", "synthesise", "emulator", "deploy", "ready"]
    assert all(line.endswith(" s") for line in times)
    consoles = [server.line("console ").removeprefix("console ") for server in servers]
    pages = [request(console) for console in consoles]
    for page, url in zip(pages, urls, strict=True):
        assert page is not None
        assert (page.status, f'data-api="{url}"' in page.body) == (200, True)
    if shutil.which("curl"):
        for server, url in zip(servers, urls, strict=True):
            command = server.line("curl ")
            assert f"{url}/predictions" in command
            done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
            assert {"label", "probability", "advice"} <= json.loads(done.stdout)["predictions"][0].keys()
    assert [first.end(signal.SIGINT), second.end(signal.SIGTERM)] == [0, 0]
    assert [server.leftovers() for server in servers] == [[], []]
    assert [request(url + "/v2/health/live", timeout_s=1) for url in urls] == [None, None]
    assert [request(console, timeout_s=1) for console in consoles] == [None, None]
    assert "unchanged" in first.line("convert") + second.line("convert")


@pytest.mark.parametrize(
    ("step", "signum"),
    [
        ("bundle", signal.SIGINT),
        ("synthesise", signal.SIGTERM),
        ("emulator", signal.SIGINT),
        ("deploy", signal.SIGHUP),
        ("ready", signal.SIGINT),
    ],
)
def test_a_server_can_be_stopped_at_any_step(start: Start, step: str, signum: signal.Signals) -> None:
    """Nothing is left, whatever was running."""
    server = start()
    server.read_until(step)
    ended = server.end(signum)
    # The last step takes milliseconds: the signal may come when it is already served, which ends as it should.
    assert ended == (0 if "READY" in server.output else 128 + signum)
    assert server.leftovers() == []
    assert server.output.endswith("stopped\n")


def test_a_damaged_artefact_is_reported_and_not_served(start: Start, build: Path) -> None:
    """By name and hash, with the way out; the exit code says that a person is needed."""
    graph = build / "model/model.onnx"
    if not graph.exists():
        server = start()
        server.read_until("bundle")
        server.end(signal.SIGINT)
    whole = graph.read_bytes()
    graph.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    try:
        server = start()
        assert server.end() == 2
        assert f"{graph} has SHA-256 " in server.output
        assert f"rm -r {build}/model" in server.output
        assert server.leftovers() == []
    finally:
        graph.write_bytes(whole)


def test_a_server_can_be_stopped_while_it_converts(start: Start, build: Path) -> None:
    """No half-written artefact, no temporary folder beside it."""
    shutil.rmtree(build / "model", ignore_errors=True)
    server = start()
    server.read_until("convert")
    assert server.end(signal.SIGINT) == 128 + signal.SIGINT
    assert server.leftovers() == []
    assert [path.name for path in build.iterdir() if path.name.startswith(".")] == []


def test_after_all_that_the_next_start_serves(start: Start) -> None:
    """Whatever the servers before it were doing when they were stopped."""
    server = start()
    server.read_until("Ctrl-C ends it")
    answer = request(server.line("READY ").removeprefix("READY ") + "/v2/health/ready")
    assert answer is not None
    assert answer.status == 200
    assert server.end(signal.SIGINT) == 0
    assert server.leftovers() == []
