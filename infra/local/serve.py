"""``make serve``: from the trained model to an API that answers on this machine, each step with its time.

Ends with SIGINT (Ctrl-C), SIGTERM or a hang-up, at any step, leaving no process and no temporary file.

Exit codes: 0 served until it was stopped; 1 a step failed; 2 refused (an input is missing, the artefact damaged
or a port taken), with what to do; 130 or 143 stopped before it served.

Example:
    python -m infra.local.serve --port 8080
"""

__all__ = ["main"]

import argparse
import fcntl
import os
import platform
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from function.contract import load_contract
from function.errors import NightjarError
from infra.commandline import parser_of, refuse, whole_number
from infra.config import load_config
from infra.local.console.app import create_app
from infra.local.console.preview import Preview
from infra.local.console.server import ConsoleError, serving
from infra.local.conversion import Conversion, ConversionError, add_arguments, from_options
from infra.local.deploy import deploy
from infra.local.deployment import base_url, synthesise, wait_until_ready
from infra.local.emulator import EmulatorError, emulator, scratch_folder
from infra.local.example import curl, example_row
from infra.local.ports import PortError, require_free
from infra.local.process import Stopped, held, output_of, run, stop_on_signals
from infra.local.rows import RowsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class _Step:
    """One line: the step's name, then a remark and its time."""

    def __init__(self, name: str) -> None:
        self.remark = ""
        self._start = time.perf_counter()
        print(f"{name:<10} … ", end="", flush=True)

    def done(self) -> None:
        print(f"{self.remark}{time.perf_counter() - self._start:.1f} s", flush=True)


@contextmanager
def _step(name: str) -> "Iterator[_Step]":
    step = _Step(name)
    try:
        yield step
    except Exception:
        print("failed", flush=True)
        raise
    step.done()


def _serve(conversion: Conversion, *, port: int | None, console_port: int | None) -> None:
    """Serve until a signal ends it.

    Raises:
        ConsoleError: The console's port is taken.
        EmulatorError: The emulator ended by itself.
        Stopped: A signal came before the API answered.
    """
    bundle = conversion.out.with_name("bundle")
    with scratch_folder() as scratch, ExitStack() as stack:
        with _alone(conversion.out.parent):
            with _step("convert") as step:
                if conversion.is_needed():
                    conversion.convert(scratch=scratch)
                else:
                    step.remark = "unchanged "
            with _step("bundle"):
                command = [sys.executable, "-m", "infra.bundle", "--architecture", _architecture()]
                command += ["--artefact", str(conversion.out), "--out", str(bundle)]
                run("bundling", command, scratch=scratch)
            with _step("synthesise"):
                assembly = synthesise(scratch=scratch, bundle=bundle)
            contract = load_contract(conversion.out)
            row = example_row(conversion.data, contract)
        with _step("emulator") as step:
            region = load_config("local").region
            started = stack.enter_context(emulator(scratch=scratch, region=region, port=port))
            step.remark = f"port {started.port} "
        with _step("deploy"):
            outputs = deploy(assembly=assembly, emulator=started)
        url = base_url(started, outputs)
        with _step("ready"):
            wait_until_ready(url, log=started.log)
        preview = Preview(started, outputs)
        app = create_app(contract=contract, api_url=url, dashboard=preview.document, observe=preview.observe)
        with held():
            console = stack.enter_context(serving(app, port=console_port))
        print(f"\nREADY {url}\nconsole {console}\n\n{curl(url, [row])}\n", flush=True)
        print(f"Ctrl-C ends it; its log is {started.log}", flush=True)
        try:
            status = started.process.wait()
        except Stopped:
            print("stopped", flush=True)
            return
        raise EmulatorError(f"the emulator ended with status {status}:\n{output_of(started.log)}")


def _architecture() -> str:
    """Return this machine's processor, by Lambda's name: the function runs on it."""
    return "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"


@contextmanager
def _alone(folder: Path) -> "Iterator[None]":
    """Keep two servers of one repository from writing the same folders at the same time."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)  # the folder itself is the lock: no file is left behind
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"another process is writing {folder}; waiting for it", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    result = parser_of("infra.local.serve", __doc__)
    add_arguments(result)
    result.add_argument(
        "--port", type=whole_number(1, 65535), help="where the API listens (default: a free port)"
    )
    result.add_argument(
        "--console-port", type=whole_number(1, 65535), help="where the console listens (default: a free port)"
    )
    return result


def main(argv: "Sequence[str] | None" = None) -> int:
    """Serve as the command line says; see the module for exit codes."""
    options = parser().parse_args(argv)
    try:
        with stop_on_signals():
            for option in ("--port", "--console-port"):
                require_free(getattr(options, option[2:].replace("-", "_")), option=option)
            _serve(from_options(options), port=options.port, console_port=options.console_port)
    except Stopped as stopped:
        print("stopped", flush=True)
        return 128 + stopped.signum
    except NightjarError as error:
        refuse(error)
        return 2 if isinstance(error, ConversionError | ConsoleError | PortError | RowsError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
