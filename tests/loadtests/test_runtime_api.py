"""The Runtime API stand-in drives the real runtime client."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests.errors import RunError
from loadtests.runtime_api import InitError, environment

HANDLER = """
def handler(event, context):
    if event == "raise":
        raise ValueError("as asked")
    return {"event": event, "id": context.aws_request_id, "left": context.get_remaining_time_in_millis() > 0}
"""


def start(folder: Path, source: str) -> tuple[list[str], dict[str, str]]:
    """Write a handler; return the command that starts it, and its environment."""
    (folder / "tiny.py").write_text(source)
    env = {"PATH": os.defpath, "PYTHONPATH": str(folder), "AWS_LAMBDA_FUNCTION_NAME": "tiny"}
    return [sys.executable, "-P", "-m", "awslambdaric", "tiny.handler"], env


def test_events_are_answered_in_turn(tmp_path: Path) -> None:
    """With request id and deadline; times are positive."""
    command, env = start(tmp_path, HANDLER)
    with environment(command, env=env, log=tmp_path / "log") as child:
        answers = [child.invoke(event) for event in ({"n": 1}, "é", None)]
        assert child.init_ms > 0
    assert [answer.kind for answer in answers] == ["response"] * 3
    assert [json.loads(answer.body)["event"] for answer in answers] == [{"n": 1}, "é", None]
    assert len({json.loads(answer.body)["id"] for answer in answers}) == 3
    assert all(json.loads(answer.body)["left"] for answer in answers)
    assert all(answer.elapsed_ms > 0 for answer in answers)


def test_an_exception_is_an_error_and_the_next_event_is_answered(tmp_path: Path) -> None:
    """As on Lambda."""
    command, env = start(tmp_path, HANDLER)
    with environment(command, env=env, log=tmp_path / "log") as child:
        failed, answered = child.invoke("raise"), child.invoke(1)
    assert (failed.kind, json.loads(failed.body)["errorType"]) == ("error", "ValueError")
    assert answered.kind == "response"


@pytest.mark.parametrize(
    ("source", "error_type", "message"),
    [
        ("raise OSError('no such model')", "OSError", "no such model"),
        ("import nothing_like_it", "Runtime.ImportModuleError", "nothing_like_it"),
        ("import os; os._exit(3)", "", "exit status 3"),
    ],
)
def test_a_failed_start_says_why(tmp_path: Path, source: str, error_type: str, message: str) -> None:
    """With the exception's type as the runtime client reports it."""
    command, env = start(tmp_path, source)
    with (
        pytest.raises(InitError, match=message) as caught,
        environment(command, env=env, log=tmp_path / "log"),
    ):
        pass
    assert caught.value.error_type == error_type


def test_a_handler_that_dies_is_reported(tmp_path: Path) -> None:
    """It gives no answer, and nobody waits for one."""
    command, env = start(tmp_path, "import os\n\ndef handler(event, context):\n    os._exit(1)\n")
    with environment(command, env=env, log=tmp_path / "log") as child, pytest.raises(RunError):
        child.invoke({})


def test_no_process_is_left(tmp_path: Path) -> None:
    """Whether or not an event is still being waited for."""
    command, env = start(tmp_path, HANDLER)
    with environment(command, env=env, log=tmp_path / "log") as child:
        assert Path(f"/proc/{child.pid}").exists()
    assert not Path(f"/proc/{child.pid}").exists()


def test_much_output_does_not_stop_the_handler(tmp_path: Path) -> None:
    """It goes to a file, where a pipe would be full."""
    command, env = start(
        tmp_path, "def handler(event, context):\n    print('x' * 1_000_000)\n    return {}\n"
    )
    with environment(command, env=env, log=tmp_path / "log") as child:
        assert child.invoke({}).kind == "response"
    assert (tmp_path / "log").stat().st_size > 1_000_000


def test_the_interpreter_that_is_started_is_the_tests_own() -> None:
    """Otherwise the runtime client would be another one."""
    done = subprocess.run([sys.executable, "-c", "import awslambdaric"], capture_output=True)
    assert done.returncode == 0
