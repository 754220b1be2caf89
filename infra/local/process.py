"""Child processes that do not outlive us, and signals that do not leave a mess.

Every child leads a process group of its own: a terminal's Ctrl-C reaches us alone, and we end the whole group,
grandchildren included. A signal that arrives while a child is being started or ended waits until it is known
or gone.
"""

__all__ = ["ChildError", "Stopped", "group_exists", "held", "output_of", "run", "running", "stop_on_signals"]

import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from function.errors import NightjarError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_S = 5.0
"""How long a child may take to end itself before it is killed."""

_REAPED_S = 5.0
"""How long the system may take to clear away killed grandchildren."""

_POLL_S = 0.01
_TAIL_LINES = 30


class Stopped(BaseException):
    """A signal asked us to stop; not an error.

    Args:
        signum: Which one.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum


class ChildError(NightjarError):
    """A child process failed; the message holds the end of its output.

    Args:
        name: What it was for.
        status: Its exit status.
        output: The end of what it wrote.
    """

    def __init__(self, name: str, status: int, output: str) -> None:
        super().__init__(f"{name} ended with status {status}:\n{output}")
        self.status = status


@contextmanager
def stop_on_signals() -> "Iterator[None]":
    """Turn the first SIGINT, SIGTERM or SIGHUP into :class:`Stopped`; later ones cannot disturb the clearing up.

    Raises:
        Stopped: In the main thread, wherever it is.
    """

    def stop(signum: int, _frame: object) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped(signum)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        for number in SIGNALS:
            # nohup asks to be spared the hang-up; a shell's background job must still hear Ctrl-C.
            if not (number == signal.SIGHUP and before[number] is signal.SIG_IGN):
                signal.signal(number, stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held() -> "Iterator[None]":
    """Keep signals waiting until the block has ended."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python handles signals in the main thread alone
        return
    waiting: list[int] = []
    before: dict[signal.Signals, Any] = {}
    try:
        for number in SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler) or handler is signal.SIG_DFL:
                before[number] = handler
                signal.signal(number, lambda signum, _frame: waiting.append(signum))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if waiting:
        signal.raise_signal(waiting[0])


@contextmanager
def running(
    command: "Sequence[str]",
    *,
    env: "Mapping[str, str]",
    log: "Path",
    stop: signal.Signals = signal.SIGINT,
) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a child for the length of the block; afterwards neither it nor a descendant is left.

    Args:
        command: Program and arguments.
        env: Its whole environment.
        log: File for its standard output and error.
        stop: What asks it to end; SIGINT lets a Python program clear up.
    """
    process = None
    try:
        with held(), log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        yield process
    finally:
        if process is not None:
            with held():
                _end(process, stop)


def run(name: str, command: "Sequence[str]", *, scratch: "Path") -> str:
    """Run a child to its end.

    Args:
        name: What it is for.
        command: Program and arguments.
        scratch: Folder for its temporary files.

    Returns:
        What it wrote.

    Raises:
        ChildError: Its exit status is not 0.
    """
    log = scratch / f"{name}.log"
    with running(command, env={**os.environ, "TMPDIR": str(scratch)}, log=log) as process:
        status = process.wait()
    if status:
        raise ChildError(name, status, output_of(log))
    return log.read_text(errors="replace")


def output_of(log: "Path") -> str:
    """Return the end of a child's output."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])


def group_exists(group: int) -> bool:
    """Tell whether a process group has a member left."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # macOS refuses when only zombies are left
        return False
    return True


def _end(process: "subprocess.Popen[bytes]", stop: signal.Signals) -> None:
    """Ask the group to end, wait, kill what is left."""
    group = process.pid  # it leads its session, so its id is the group's
    for signum, patience_s in ((stop, GRACE_S), (signal.SIGKILL, _REAPED_S)):
        if not _signal(group, signum):
            break
        deadline = time.monotonic() + patience_s
        while group_exists(group) and time.monotonic() < deadline:
            process.poll()  # reap the leader, or it stays in the group as a zombie
            time.sleep(_POLL_S)
    process.wait()


def _signal(group: int, signum: int) -> bool:
    try:
        os.killpg(group, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True
