"""Faults under load: clients get an answer or a clear error, no accepted request is lost from the log, it ends."""

from collections.abc import Iterator

import pytest

from function.contract import Contract
from infra.bundle import Bundle
from infra.local.deployment import local_deployment
from tests.e2e.clients import RIGHT
from tests.e2e.fault_proxy import fault_proxy
from tests.e2e.faults import CLIENTS, FAULTS, Ground, Outcome, as_table, meet

pytestmark = pytest.mark.e2e

CLEAR = {
    "3 workers killed in the middle of a request": "error 502",
    "a worker stopped in the middle of a request": "error 502",
    "throttled to one request at a time": "error 429",
    "answers 11 s late": "gave up after 10 s",
    "every other request answered 503 on the way": "error 503",
    "every other answer thrown away": "connection closed",
    "every other answer changed": "wrong answer",
}


@pytest.fixture(scope="module")
def ground(real_bundle: Bundle, contract: Contract) -> Iterator[Ground]:
    """A service with an environment for each client, behind the proxy."""
    with (
        local_deployment(bundle=real_bundle.path, environments=CLIENTS) as deployment,
        fault_proxy(deployment.base_url) as proxy,
    ):
        yield Ground(deployment, contract, proxy)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_seen_logged_and_over(ground: Ground, fault: str) -> None:
    """Every client gets the right answer or the one error that tells what happened; then all are served again."""
    outcome = meet(ground, fault)
    assert outcome.replies.keys() == {RIGHT, CLEAR[fault]}
    assert outcome.logged == outcome.accepted
    assert outcome.lost == 0


def test_the_table_has_a_line_for_each_fault() -> None:
    """With what clients got, the most frequent first."""
    replies = {RIGHT: 7, "error 502": 1}
    outcome = Outcome(fault="a fault", replies=replies, accepted=8, logged=8, lost=0, back_s=1.25)
    head, line = as_table([outcome]).splitlines()
    assert "clients got" in head
    assert line.split() == ["a", "fault", "8", "8", "0", "1.25", "right", "7,", "error", "502", "1"]
