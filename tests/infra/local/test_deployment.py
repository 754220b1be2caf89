"""Waiting for an API, and refusing what cannot be deployed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.bundle import BundleError
from infra.local.deployment import NotReadyError, local_deployment, wait_until_ready

type Serve = Callable[[list[int]], tuple[str, list[str]]]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """What the emulator wrote."""
    path = tmp_path / "log"
    path.write_text("the reason\n")
    return path


def test_a_ready_api_is_asked_once(serve: Serve, log: Path) -> None:
    """Readiness is a 200 of the readiness path."""
    url, asked = serve([200])
    wait_until_ready(url, log=log)
    assert asked == ["/v2/health/ready"]


def test_an_api_that_is_not_ready_yet_is_asked_again(serve: Serve, log: Path) -> None:
    """The first environment may still be starting."""
    url, asked = serve([503, 200])
    wait_until_ready(url, log=log)
    assert len(asked) == 2


def test_as_many_environments_are_started_as_are_wanted(serve: Serve, log: Path) -> None:
    """An environment serves one request at a time, so that many requests start that many."""
    url, asked = serve([200])
    wait_until_ready(url, log=log, environments=5)
    assert len(asked) == 5


def test_an_api_that_keeps_failing_is_reported_with_its_answer_and_the_log(serve: Serve, log: Path) -> None:
    """A function that cannot start will not start the tenth time."""
    url, asked = serve([500])
    with pytest.raises(NotReadyError, match=r"ready is not ready, last: status 500: as told\nthe reason$"):
        wait_until_ready(url, log=log)
    assert len(asked) == 3


def test_an_api_that_never_answers_is_given_up(log: Path) -> None:
    """Nothing listens on port 9."""
    with pytest.raises(NotReadyError, match=r"last: no answer"):
        wait_until_ready("http://127.0.0.1:9", log=log, timeout_s=0.2)


def test_a_missing_bundle_is_refused(tmp_path: Path) -> None:
    """Before anything is started."""
    with (
        pytest.raises(BundleError, match="there is no bundle"),
        local_deployment(bundle=tmp_path / "none"),
    ):
        pytest.fail("deployed")
