"""A server in a process of its own, as a person starts it."""

__all__ = ["Server"]

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path


class Server:
    """A running server whose temporary files and processes can be counted.

    Args:
        command: What a person types, in one of its forms.
        folder: Where it is typed.
        temporary: For its temporary files alone.
        env: Variables beside those of this process.
    """

    def __init__(
        self, command: list[str], *, folder: Path, temporary: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.temporary = temporary
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(env or {}), "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.output = ""

    def read_until(self, text: str) -> None:
        """Read what is printed until a text has come."""
        assert self.process.stdout is not None
        while text not in self.output:
            more = os.read(self.process.stdout.fileno(), 4096).decode()
            assert more, f"ended before {text!r}: {self.output}"
            self.output += more

    def line(self, start: str) -> str:
        """Return the printed line that starts so."""
        (found,) = [line for line in self.output.splitlines() if line.startswith(start)]
        return found

    def end(self, signum: signal.Signals | None = None, *, group: bool = False) -> int:
        """Send a signal, if any, and return the exit status.

        Args:
            signum: To send.
            group: To the whole group, as a terminal does on Ctrl-C.
        """
        if signum is not None:
            (os.killpg if group else os.kill)(self.process.pid, signum)
        output, _ = self.process.communicate(timeout=60)
        self.output += output.decode()
        return self.process.returncode

    def leftovers(self) -> list[str]:
        """Return temporary files, and the command lines of processes that have them in their environment."""
        found = [path.name for path in self.temporary.iterdir()]
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.temporary).encode() in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue  # ended meanwhile, or another person's
        return found
