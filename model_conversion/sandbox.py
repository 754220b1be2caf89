"""Running a function in a process of its own, with limits of time and memory.

Some estimators keep the converter busy for ever, some files end the process that reads them, and a model may be
larger than the machine. In a process of its own each of these is one message, and nothing is left running.
"""

__all__ = ["run_limited", "serve"]

import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from time import monotonic
from typing import IO, Any

import psutil  # type: ignore[import-untyped]

from function.errors import NightjarError
from model_conversion.errors import SHOWN, ConversionError, LimitError, UnsupportedError, brief

TICK_S = 0.05
"""Between two looks at the memory. A process fills about 2 GB in a second, so 100 MB in this time."""

ENDING_S = 5.0
"""A process that has closed its pipe has so long to end of itself."""

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from model_conversion.sandbox import serve; serve(int(sys.argv[2]))"
)


def run_limited(
    target: Callable[..., Any],
    args: tuple[Any, ...],
    *,
    timeout_s: float,
    memory_mb: int,
    progress: Callable[[str], None] | None = None,
) -> Any:
    """Call ``target(*args, report)`` in a new process and return what it returns.

    What the process prints is kept from the terminal. The process and all that it started have ended when this
    returns or raises, also by Ctrl-C; when this process is killed, they end themselves.

    Args:
        target: Function of an importable module.
        args: Its arguments, picklable as its result must be; ``report`` follows them, a function that takes the name
            of each step as it begins.
        timeout_s: Time it may take, from start to end.
        memory_mb: Resident memory that it and its own processes may take.
        progress: Told each step.

    Raises:
        LimitError: It took more time or memory.
        ConversionError: It raised this, with its own class, or anything else, as :class:`UnsupportedError`.
        NightjarError: It raised this.
    """
    ours, theirs = Pipe()
    step = "starting"
    with ours, tempfile.TemporaryFile() as printed:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-c", _START, json.dumps(sys.path), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                start_new_session=True,
            )
        deadline = monotonic() + timeout_s
        try:
            with suppress(BrokenPipeError):  # its end is noticed below
                ours.send_bytes(pickle.dumps((target, args)))
            while True:
                if not _ready(ours, process, deadline, memory_mb, timeout_s, step):
                    continue
                kind, content = _receive(ours)
                if kind == "step":
                    step = content
                    if progress is not None:
                        progress(step)
                elif kind == "result":
                    return content
                elif kind == "error":
                    raise content
                else:
                    raise _unexpected(kind, content, process, printed, step)
        finally:
            _end(process)


def _ready(
    ours: Connection,
    process: "subprocess.Popen[bytes]",
    deadline: float,
    memory_mb: int,
    timeout_s: float,
    step: str,
) -> bool:
    """Wait for a tick; tell whether there is a message, or its end.

    Raises:
        LimitError: A limit is passed.
    """
    left = deadline - monotonic()
    if left <= 0:
        raise LimitError(
            f"stopped after {timeout_s:g} s while {step}; give it more time with --timeout-s, or convert a smaller "
            "model or fewer rows"
        )
    found = bool(wait([ours], timeout=min(TICK_S, left)))
    used_mb = _memory_mb(process.pid)
    if used_mb > memory_mb:
        raise LimitError(
            f"stopped at {used_mb:,.0f} MB of memory while {step}, {memory_mb:,} MB are allowed; allow more with "
            "--memory-mb, or convert a smaller model or fewer rows"
        )
    return found


def _family(pid: int) -> list[psutil.Process]:
    """Return a process and all that descend from it; empty when it is gone."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _memory_mb(pid: int) -> float:
    total = 0
    for member in _family(pid):
        with suppress(psutil.Error):  # it has just ended
            total += member.memory_info().rss
    return total / 2**20


def _receive(ours: Connection) -> tuple[str, Any]:
    try:
        kind, content = ours.recv()
    except (EOFError, OSError):
        return "end", None
    return kind, content


def _unexpected(
    kind: str, content: Any, process: "subprocess.Popen[bytes]", printed: IO[bytes], step: str
) -> ConversionError:
    if kind == "failure":
        return UnsupportedError(
            f"{content} while {step}; this combination of model and data is not converted"
        )
    with suppress(subprocess.TimeoutExpired):  # it closed the pipe and goes on; it will be ended
        process.wait(ENDING_S)
    code = process.returncode or 0
    if code == -signal.SIGKILL:
        return LimitError(
            f"the system ended the process while {step}, most likely for want of memory; use a larger machine"
        )
    name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    printed.seek(0, os.SEEK_END)
    printed.seek(max(0, printed.tell() - 4096))
    lines = printed.read().decode(errors="replace").split("\n")
    last = next((line.strip()[:SHOWN] for line in reversed(lines) if line.strip()), "")
    return UnsupportedError(
        f"a library ended the process ({name}{': ' + last if last else ''}) while {step}; the file is damaged, "
        "or holds what the library cannot take"
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    family = _family(process.pid)
    with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group that has ended
        os.killpg(process.pid, signal.SIGKILL)
    for member in family:  # those that left the group
        with suppress(psutil.Error):
            member.kill()
    process.wait()
    psutil.wait_procs(family, timeout=ENDING_S)


def serve(descriptor: int) -> None:
    """Be the process: take the function and its arguments from a pipe, answer with steps and a result.

    Args:
        descriptor: The pipe's file descriptor.
    """
    theirs = Connection(descriptor)
    target, args = pickle.loads(theirs.recv_bytes())  # noqa: S301  from the process that started this one
    threading.Thread(target=_die_with_parent, args=(theirs,), daemon=True).start()
    try:
        answer = ("result", target(*args, lambda step: theirs.send(("step", step))))
    except MemoryError:
        answer = ("error", LimitError("out of memory; allow more or use a larger machine"))
    except (ConversionError, NightjarError) as error:
        answer = ("error", error)
    except Exception as error:  # whatever a library raises: the user gets its name, not its trace
        answer = ("failure", brief(error))
    theirs.send(answer)


def _die_with_parent(theirs: Connection) -> None:
    try:
        theirs.recv_bytes()  # nothing more is sent: this returns when the other side is gone
    except (EOFError, OSError):
        os.killpg(0, signal.SIGKILL)
