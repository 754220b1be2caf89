"""Children do not outlive us, and signals do not leave a mess."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.process import (
    ChildError,
    Stopped,
    group_exists,
    held,
    output_of,
    run,
    running,
    stop_on_signals,
)

# A parent that ignores every polite signal, with a child of its own; says so once both are there.
STUBBORN = """\
import signal, subprocess, sys
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; print('there', flush=True); time.sleep(600)"])
child.wait()
"""


def _await_text(path: Path, text: str, process: "subprocess.Popen[bytes]") -> None:
    while text not in path.read_text():
        assert process.poll() is None


def test_what_a_child_wrote_is_returned(tmp_path: Path) -> None:
    """Standard output and error, in order."""
    code = "import sys; print('one', flush=True); print('two', file=sys.stderr)"
    assert run("counting", [sys.executable, "-c", code], scratch=tmp_path) == "one\ntwo\n"


def test_a_childs_temporary_files_are_in_the_scratch_folder(tmp_path: Path) -> None:
    """So they go with it, however the child ends."""
    code = "import tempfile; print(tempfile.gettempdir(), end='')"
    assert run("asking", [sys.executable, "-c", code], scratch=tmp_path) == str(tmp_path)


def test_a_failed_child_is_reported_with_the_end_of_its_output(tmp_path: Path) -> None:
    """The reason is at the end."""
    code = "import sys; [print(i) for i in range(99)]; sys.exit('no such model')"
    with pytest.raises(ChildError) as caught:
        run("conversion", [sys.executable, "-c", code], scratch=tmp_path)
    assert str(caught.value).startswith("conversion ended with status 1:\n70\n71\n")
    assert str(caught.value).endswith("98\nno such model")
    assert caught.value.status == 1


def test_nothing_is_left_of_a_group_that_will_not_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked first, then killed, grandchildren included."""
    monkeypatch.setattr("infra.local.process.GRACE_S", 0.1)
    log = tmp_path / "log"
    with running([sys.executable, "-c", STUBBORN], env=os.environ, log=log) as process:
        _await_text(log, "there", process)
        assert group_exists(process.pid)
    assert not group_exists(process.pid)
    assert process.returncode == -signal.SIGKILL


def test_a_child_ends_with_the_block_that_failed(tmp_path: Path) -> None:
    """Whatever ends the block ends the child."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with pytest.raises(Stopped), running(command, env=os.environ, log=tmp_path / "log") as process:
        raise Stopped(signal.SIGINT)
    assert not group_exists(process.pid)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_becomes_an_exception_once(signum: signal.Signals) -> None:
    """A second Ctrl-C must not disturb the clearing up."""
    before = signal.getsignal(signum)
    with pytest.raises(Stopped) as caught, stop_on_signals():
        try:
            signal.raise_signal(signum)
        finally:
            signal.raise_signal(signal.SIGINT)
    assert signum == caught.value.signum
    assert before is signal.getsignal(signum)


def test_nohup_is_respected() -> None:
    """Who asked to be spared the hang-up is spared."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_on_signals():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_waits_while_it_is_held() -> None:
    """A child that was just started must be known before an exception flies."""
    steps = []
    with pytest.raises(Stopped), stop_on_signals():
        with held():
            signal.raise_signal(signal.SIGTERM)
            steps.append("registered")
        steps.append("not reached")
    assert steps == ["registered"]


def test_output_of_is_the_last_lines(tmp_path: Path) -> None:
    """Bytes that are not text do no harm."""
    log = tmp_path / "log"
    log.write_bytes(b"\xff\n" + b"x\n" * 50)
    assert output_of(log) == "\n".join("x" * 30)
