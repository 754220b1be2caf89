"""A function in a process of its own answers, or one message says what stopped it; nothing is left running."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from model_conversion.errors import ConversionError, InputError, LimitError, UnsupportedError
from model_conversion.sandbox import run_limited

type Report = Callable[[str], None]


def add(one: int, other: int, report: Report) -> int:
    """Take two steps and answer."""
    report("adding")
    print("noise")
    report("answering")
    return one + other


def spin(pids: str, report: Report) -> None:
    """Never end, and start a process that does not either."""
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    Path(pids).write_text(f"{os.getpid()} {child.pid}")
    report("turning in circles")
    while True:
        pass


def hoard(pids: str, report: Report) -> None:
    """Take memory without end."""
    Path(pids).write_text(str(os.getpid()))
    report("collecting")
    kept = []
    while True:
        kept.append(b"x" * 2**22)


def refuse(report: Report) -> None:
    """Raise as the conversion does."""
    raise InputError("the model is blue; paint it")


def stumble(report: Report) -> None:
    """Raise as a library does, at length."""
    report("reading line 3")
    raise KeyError("first line\n" + "a line of a dump\n" * 100_000)


def abort(report: Report) -> None:
    """End the process as a C++ library does."""
    report("loading")
    print("terminate called without an active exception", file=sys.stderr, flush=True)
    os.abort()


def kill(report: Report) -> None:
    """End as the system ends a process for want of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def leave(report: Report) -> None:
    """End without an answer."""
    os._exit(3)


def ask(target: Callable[..., object], *args: object, timeout_s: float = 30, memory_mb: int = 400) -> object:
    """Call a function of this module within limits."""
    return run_limited(target, args, timeout_s=timeout_s, memory_mb=memory_mb)


def running(pids: Path) -> list[psutil.Process]:
    """Return those of the processes in a file that still run."""
    found = []
    for pid in map(int, pids.read_text().split()):
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            found += [process] if process.status() != psutil.STATUS_ZOMBIE else []
    return found


def test_the_result_and_every_step_come_back(capfd: pytest.CaptureFixture[str]) -> None:
    """What the function prints stays off the terminal."""
    steps: list[str] = []
    result = run_limited(add, (2, 3), timeout_s=30, memory_mb=400, progress=steps.append)
    assert result == 5
    assert steps == ["adding", "answering"]
    assert capfd.readouterr() == ("", "")


def test_an_endless_loop_ends_at_the_time_limit_with_all_it_started(tmp_path: Path) -> None:
    """The message has the step, the limit and what to do."""
    with pytest.raises(
        LimitError, match=r"stopped after 2\.5 s while turning in circles; .*--timeout-s"
    ) as caught:
        ask(spin, str(tmp_path / "pids"), timeout_s=2.5)
    assert caught.value.exit_code == 4
    assert len((tmp_path / "pids").read_text().split()) == 2
    assert running(tmp_path / "pids") == []


def test_a_hoarder_ends_at_the_memory_limit(tmp_path: Path) -> None:
    """The message has the memory taken, the limit and what to do."""
    with pytest.raises(LimitError, match=r"while collecting, 200 MB are allowed; .*--memory-mb") as caught:
        ask(hoard, str(tmp_path / "pids"), memory_mb=200)
    assert caught.value.exit_code == 4
    assert running(tmp_path / "pids") == []


def test_the_conversions_own_errors_keep_class_and_message() -> None:
    """The exit code survives."""
    with pytest.raises(InputError, match="the model is blue; paint it"):
        ask(refuse)


def test_a_librarys_error_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    """Its type, its first line and the step; no trace, no dump."""
    with pytest.raises(UnsupportedError, match=r"KeyError: .*first line.* while reading line 3") as caught:
        ask(stumble)
    assert len(str(caught.value)) < 400
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("target", "kind", "words"),
    [
        (abort, UnsupportedError, r"SIGABRT: terminate called without an active exception\) while loading"),
        (kill, LimitError, "want of memory"),
        (leave, UnsupportedError, "exit code 3"),
    ],
)
def test_a_process_that_ends_itself_is_explained(
    target: Callable[..., object], kind: type[ConversionError], words: str
) -> None:
    """The message has the signal and the step."""
    with pytest.raises(kind, match=words):
        ask(target)


def test_ctrl_c_ends_the_process_too(tmp_path: Path) -> None:
    """The interrupt arrives, and nothing is left running."""

    def interrupt(step: str) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_limited(spin, (str(tmp_path / "pids"),), timeout_s=30, memory_mb=400, progress=interrupt)
    assert running(tmp_path / "pids") == []


def test_the_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    """Also when that one is killed and can clean up nothing."""
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]; import os, signal;"
        f"from model_conversion.sandbox import run_limited; from {spin.__module__} import spin;"
        "run_limited(spin, (sys.argv[1],), timeout_s=60, memory_mb=400,"
        " progress=lambda step: os.kill(os.getpid(), signal.SIGKILL))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "pids"), *sys.path], check=False)
    assert psutil.wait_procs(running(tmp_path / "pids"), timeout=10)[1] == []
