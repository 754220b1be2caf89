"""Deployments under traffic: a new version takes over without a failed request, a bad one changes nothing.

Each deployment is a synthesis and an update of the stack, as ``make deploy`` does it, while callers go on asking.
"""

__all__ = ["Attempt", "check", "prove_deployments", "shown"]

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from function.contract import load_contract
from infra.config import ALIAS
from infra.local.deploy import DeployError, deploy
from infra.local.deployment import LocalDeployment, local_deployment, synthesise
from infra.local.emulator import scratch_folder
from infra.local.prove.errors import ProofError
from infra.local.prove.traffic import Answered, calling
from infra.local.prove.variants import corrupted, crashing, renamed, wrong
from infra.rollback import roll_back

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NEW_VERSION = "next"
_AROUND = 10
"""Requests to be answered before and after each change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One change under traffic.

    Attributes:
        name: What was tried.
        seconds: From the start of the change to its end.
        before: Model version that answered before.
        after: Model version that answered after.
        answers: Model version → requests that it answered meanwhile.
        failed: Requests without an answer of status 200.
        longest_s: The slowest request.
        refused: Why the change was refused; None when it was made.
    """

    name: str
    seconds: float
    before: str
    after: str
    answers: dict[str, int]
    failed: int
    longest_s: float
    refused: str | None


def prove_deployments(bundle: Path) -> list[Attempt]:
    """Deploy good and bad bundles over one that serves, then roll back.

    Raises:
        ProofError: A request failed, a bad bundle was deployed, a good one was not, or another version answers
            than should.
        BundleError: There is no bundle.
        ChildError: Synthesis failed.
    """
    with scratch_folder() as scratch, local_deployment(bundle=bundle, environments=2) as running:
        first = load_contract(bundle / "model").model.version
        trial = _Trial(bundle, running=running)

        def assembled(name: str, changed: Path) -> Path:
            folder = scratch / f"assembly-{name}"
            folder.mkdir()
            return synthesise(scratch=folder, bundle=changed)

        good = assembled("new", renamed(bundle, scratch=scratch, version=_NEW_VERSION))
        bad = {
            "a model that fails its golden rows": assembled("wrong", wrong(bundle, scratch=scratch)),
            "a damaged artefact": corrupted(
                assembled("damaged", renamed(bundle, scratch=scratch / "damaged", version="damaged"))
            ),
            "a handler that raises at start": assembled("crashing", crashing(bundle, scratch=scratch)),
        }
        attempts = [trial.deploys("a new model version", good, before=first, after=_NEW_VERSION)]
        for name, assembly in bad.items():
            attempts.append(trial.refuses(name, assembly, version=_NEW_VERSION))
        attempts.append(trial.rolls_back(before=_NEW_VERSION, after=first))
        return attempts


class _Trial:
    def __init__(self, bundle: Path, *, running: LocalDeployment) -> None:
        self._running = running
        self._row = load_contract(bundle / "model").golden.rows[0].row
        self._lambda = running.emulator.client("lambda")
        self._function = running.outputs["FunctionName"]

    def deploys(self, name: str, assembly: Path, *, before: str, after: str) -> Attempt:
        return self._during(name, lambda: self._deploy(assembly), before=before, after=after)

    def refuses(self, name: str, assembly: Path, *, version: str) -> Attempt:
        alias = self._alias()
        attempt = self._during(name, lambda: self._deploy(assembly), before=version, after=version)
        if attempt.refused is None:
            raise ProofError(f"{name} was deployed, wanted it refused")
        if (now := self._alias()) != alias:
            raise ProofError(f"after {name} was refused the alias is at version {now}, wanted {alias}")
        return attempt

    def rolls_back(self, *, before: str, after: str) -> Attempt:
        def change() -> str | None:
            roll_back(self._lambda, function=self._function)
            return None

        return self._during("rolled back", change, before=before, after=after)

    def _deploy(self, assembly: Path) -> str | None:
        try:
            deploy(assembly=assembly, emulator=self._running.emulator)
        except DeployError as error:
            return str(error)
        return None

    def _alias(self) -> str:
        alias: str = self._lambda.get_alias(FunctionName=self._function, Name=ALIAS)["FunctionVersion"]
        return alias

    def _during(self, name: str, change: Callable[[], str | None], *, before: str, after: str) -> Attempt:
        with calling(self._running.base_url, self._row) as callers:
            callers.wait_for_more(_AROUND)
            began = time.monotonic()
            refused = change()
            ended = time.monotonic()
            callers.wait_for_more(_AROUND)
        requests = callers.answered
        check(name, requests, began=began, ended=ended, before=before, after=after)
        versions = Counter(item.version for item in requests if item.version is not None)
        return Attempt(
            name=name,
            seconds=ended - began,
            before=before,
            after=after,
            answers=dict(versions),
            failed=sum(item.status != 200 for item in requests),
            longest_s=max(item.done_s - item.sent_s for item in requests),
            refused=refused,
        )


def check(
    name: str, requests: "Sequence[Answered]", *, began: float, ended: float, before: str, after: str
) -> None:
    """Insist that nobody was let down and that the switch happened once.

    Args:
        name: Of the change, for the error.
        requests: All of them.
        began: When the change began, on the monotonic clock.
        ended: When it ended.
        before: Model version that must answer until the switch.
        after: Model version that must answer from then on.

    Raises:
        ProofError: It is not so.
    """
    if failed := [item for item in requests if item.status != 200]:
        raise ProofError(f"{name}: {len(failed)} of {len(requests)} requests failed, the first: {failed[0]}")
    switched = min((item.done_s for item in requests if item.version == after), default=ended)
    for item in requests:
        if item.done_s < began:
            wanted = {before}
        elif item.sent_s > min(switched, ended):
            wanted = {after}
        else:
            wanted = {before, after}
        if item.version not in wanted:
            raise ProofError(
                f"{name}: version {item.version} answered {item.done_s - began:+.2f} s from the start of the "
                f"change, wanted {' or '.join(sorted(wanted))}"
            )


def shown(attempts: "Sequence[Attempt]") -> "Iterator[str]":
    """Yield a table of the attempts, as lines."""
    yield "change                               seconds  answers by model version         failed  slowest s"
    for item in attempts:
        answers = ", ".join(f"{count} by {version}" for version, count in item.answers.items())
        yield (
            f"{item.name:<35} {item.seconds:>8.1f}  {answers:<32} {item.failed:>6}  {item.longest_s:>9.2f}"
        )
        outcome = f"{item.before} → {item.after}"
        if item.refused is not None:
            outcome = f"refused, {item.after} went on: {item.refused.splitlines()[0]}"
        yield f"    {outcome}"
