"""The embedded AWS emulator, as a process of our own on the loopback interface.

It takes no credentials, Docker or home folder from the person's environment and writes nothing
outside its scratch folder, so ending its process group and deleting the folder leaves no trace.
"""

__all__ = ["ACCOUNT", "Emulator", "EmulatorError", "emulator", "scratch_folder"]

import json
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

from function.errors import NightjarError
from infra.local.http import request
from infra.local.process import held, output_of, running

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

ACCOUNT = "000000000000"
"""The emulator's AWS account."""

READY_TIMEOUT_S = 30.0
"""It takes 0.2 to 0.5 s; a loaded machine may take longer."""

_ATTEMPTS = 3
_POLL_S = 0.02

# The emulator runs functions with its own interpreter. The base interpreter has none of this virtual
# environment's packages, so a function that works has everything it needs in its bundle, as on Lambda.
_LAUNCH = """\
import sys
sys.executable = getattr(sys, "_base_executable", sys.executable)
from ministack.app import main
main()
"""


class EmulatorError(NightjarError):
    """The emulator did not start, or ended; the message holds the end of its log."""


class _PortTakenError(EmulatorError):
    """Another process took the port between our choosing it and the emulator's listening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """A running emulator.

    Attributes:
        port: Where it listens, on the loopback interface.
        region: Its AWS region.
        log: Its output.
        process: Its first process; the others are in the group of the same number.
    """

    port: int
    region: str
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def endpoint(self) -> str:
        """Address of every emulated service."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str) -> Any:
        """Return a boto3 client that knows this emulator alone, whatever the person's AWS settings are."""
        blank = botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        session = boto3.Session(
            botocore_session=blank,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator's, a secret of nothing
            region_name=self.region,
        )
        config = Config(s3={"addressing_style": "path"}, proxies={}, retries={"total_max_attempts": 1})
        return session.client(service, endpoint_url=self.endpoint, config=config)


@contextmanager
def scratch_folder() -> "Iterator[Path]":
    """Give a temporary folder for the length of the block."""
    folder = None
    try:
        with held():
            folder = Path(tempfile.mkdtemp(prefix="nightjar-"))
        yield folder
    finally:
        if folder is not None:
            with held():
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def emulator(
    *,
    scratch: Path,
    region: str,
    port: int | None = None,
    checks_callers: bool = False,
    authorities: Path | None = None,
    account_concurrency: int | None = None,
) -> "Iterator[Emulator]":
    """Run the emulator for the length of the block.

    Args:
        scratch: Folder for all of its files.
        region: AWS region that it plays.
        port: Where to listen; None takes a free one.
        checks_callers: Whether it verifies signatures and evaluates the callers' policies. Otherwise it is
            content with any signature, and every caller may do everything.
        authorities: Certificates, in PEM, that it trusts when it fetches an issuer's keys; None takes the
            system's.
        account_concurrency: Invocations that it runs at once, of all functions together; it refuses others.
            None leaves its own limit, which this machine's memory decides.

    Raises:
        EmulatorError: It did not start.
    """
    folder = scratch / "emulator"
    folder.mkdir()
    log = scratch / "emulator.log"
    for attempt in range(_ATTEMPTS):
        chosen = port or _free_port()
        token = secrets.token_hex(8)
        command = [sys.executable, "-c", _LAUNCH]
        env = _environment(folder, region, chosen, token)
        if checks_callers:
            env["AUTH"] = "true"
        if account_concurrency is not None:
            env["LAMBDA_ACCOUNT_CONCURRENCY"] = str(account_concurrency)
        if authorities is not None:
            env["SSL_CERT_FILE"] = str(authorities)
        # Its answer to SIGINT is to wait for every connection to close.
        with running(command, env=env, log=log, stop=signal.SIGTERM) as process:
            started = Emulator(port=chosen, region=region, log=log, process=process)
            try:
                _wait(started, token)
            except _PortTakenError:
                if port is None and attempt + 1 < _ATTEMPTS:
                    continue
                raise EmulatorError(
                    f"port {chosen} is taken; choose another one, or none for a free one"
                ) from None
            yield started
            return


def _environment(folder: Path, region: str, port: int, token: str) -> dict[str, str]:
    # A shared interpreter may be found by this alone.
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return kept | {
        "PATH": os.defpath,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONNOUSERSITE": "1",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_EDITION": token,
        "MINISTACK_REGION": region,
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        "DOCKER_HOST": f"unix://{folder / 'no-docker'}",  # it would look for containers to clear away
        "CLOUDTRAIL_RECORDING": "0",
        "IOT_MTLS_ENABLED": "0",  # it would listen on every interface
        "SFTP_ENABLED": "0",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(started: Emulator, token: str) -> None:
    """Wait until this very emulator answers, and not another on the same port."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline:
        if (status := started.process.poll()) is not None:
            output = output_of(started.log)
            kind = _PortTakenError if "already in use" in output else EmulatorError
            raise kind(f"the emulator ended with status {status}:\n{output}")
        ready = request(f"{started.endpoint}/_ministack/ready", timeout_s=1)
        if ready is not None and ready.status == 200:
            health = request(f"{started.endpoint}/_ministack/health", timeout_s=1)
            if health is not None and json.loads(health.body).get("edition") == token:
                return
        time.sleep(_POLL_S)
    raise EmulatorError(f"the emulator was not ready after {READY_TIMEOUT_S:g} s:\n{output_of(started.log)}")
