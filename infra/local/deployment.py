"""The whole service on this machine for the length of a block: for serving, end-to-end tests and load tests."""

__all__ = [
    "LocalDeployment",
    "NotReadyError",
    "base_url",
    "local_deployment",
    "synthesise",
    "wait_until_ready",
]

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from function.errors import NightjarError
from infra import bundle as bundles
from infra.config import Stage, load_config
from infra.local.deploy import deploy
from infra.local.emulator import Emulator, emulator, scratch_folder
from infra.local.http import request
from infra.local.process import output_of, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

READY_PATH = "/v2/health/ready"
READY_TIMEOUT_S = 30.0
"""The promise is an answer within 10 s; a loaded machine that starts several environments may take longer."""

_REFUSALS = 3
_POLL_S = 0.05


class NotReadyError(NightjarError):
    """The API does not answer as it should; the message holds its last answer and the end of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDeployment:
    """A running service.

    Attributes:
        base_url: Where the API answers; ``/predictions`` follows.
        outputs: The stack's outputs.
        emulator: Where it runs.
    """

    base_url: str
    outputs: dict[str, str]
    emulator: Emulator


@contextmanager
def local_deployment(
    *,
    bundle: Path = Path("build/bundle"),
    port: int | None = None,
    environments: int = 1,
    concurrency: int | None = None,
    context: "Sequence[str]" = (),
) -> "Iterator[LocalDeployment]":
    """Synthesise stage ``local``, deploy it to an own emulator, wait until it answers, end it after the block.

    Args:
        bundle: What the function runs; it must exist.
        port: Where the emulator listens; None takes a free one.
        environments: How many execution environments to start before the block; one serves one request at a
            time.
        concurrency: How many requests the function may serve at once; None takes the emulator's limit.
        context: CDK context, ``key=value``.

    Raises:
        ArtefactError: The bundle's artefact is missing or damaged.
        BundleError: There is no bundle.
        ChildError: Synthesis failed or was refused.
        EmulatorError: The emulator did not start.
        DeployError: The emulator refused the stack.
        NotReadyError: The API does not answer.
    """
    with scratch_folder() as scratch:
        assembly = synthesise(scratch=scratch, bundle=bundle, context=context)
        region = load_config("local").region
        with emulator(scratch=scratch, region=region, port=port, account_concurrency=concurrency) as started:
            outputs = deploy(assembly=assembly, emulator=started)
            url = base_url(started, outputs)
            wait_until_ready(url, log=started.log, environments=environments)
            yield LocalDeployment(base_url=url, outputs=outputs, emulator=started)


def synthesise(*, scratch: Path, bundle: Path, context: "Sequence[str]" = (), stage: Stage = "local") -> Path:
    """Synthesise a stage in a process of its own, which takes Node and its files with it.

    Args:
        scratch: Folder to write into.
        bundle: What the function runs.
        context: CDK context, ``key=value``.
        stage: Which; one other than ``local`` wants ``packaging=zip``, since the emulator runs no image.

    Returns:
        Folder of the cloud assembly, in ``scratch``.

    Raises:
        ArtefactError: The bundle's artefact is missing or damaged.
        BundleError: There is no bundle.
        ChildError: Synthesis failed or was refused.
    """
    # Here runs what the bundle is built for, whatever processor the stages on AWS have.
    architecture = bundles.read(bundle).architecture
    assembly = scratch / "assembly"
    command = [sys.executable, "-m", "infra.app", "--stage", stage]
    command += ["--bundle", str(bundle), "--out", str(assembly)]
    for item in (f"architecture={architecture}", *context):
        command += ["-c", item]
    run("synthesis", command, scratch=scratch)
    return assembly


def base_url(emulator: Emulator, outputs: dict[str, str]) -> str:
    """Return where the emulator serves a stack's API.

    The stage is left out: the API has ``$default`` alone, and a dollar sign in a printed address would be a
    trap for a shell.
    """
    return f"{emulator.endpoint}/_aws/execute-api/{outputs['ApiId']}"


def wait_until_ready(
    url: str, *, log: Path, environments: int = 1, timeout_s: float = READY_TIMEOUT_S
) -> None:
    """Wait until the API reports a loaded and verified model.

    Args:
        url: Base address.
        log: The emulator's log, for the error.
        environments: How many requests to send at once, so that as many environments start.
        timeout_s: How long to wait.

    Raises:
        NotReadyError: No 200 in time, or another answer several times.
    """
    with ThreadPoolExecutor(environments) as pool:
        list(pool.map(lambda _: _wait(url + READY_PATH, log=log, timeout_s=timeout_s), range(environments)))


def _wait(url: str, *, log: Path, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    refused, last = 0, "no answer"
    while time.monotonic() < deadline and refused < _REFUSALS:
        answer = request(url, timeout_s=max(_POLL_S, deadline - time.monotonic()))
        if answer is not None:
            if answer.status == 200:
                return
            refused, last = refused + 1, f"status {answer.status}: {answer.body}"
        time.sleep(_POLL_S)
    raise NotReadyError(f"{url} is not ready, last: {last}\n{output_of(log)}")
