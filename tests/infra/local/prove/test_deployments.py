"""What counts as a deployment under which nobody was let down."""

import pytest

from infra.local.prove.deployments import Attempt, check, shown
from infra.local.prove.errors import ProofError
from infra.local.prove.traffic import Answered


def _answered(sent: float, done: float, version: str | None, status: int | None = 200) -> Answered:
    return Answered(sent_s=sent, done_s=done, status=status, version=version)


def _check(*requests: Answered) -> None:
    """Check requests around a change from ``old`` to ``new`` between 10 s and 20 s."""
    check("change", requests, began=10, ended=20, before="old", after="new")


def test_old_answers_until_the_switch_and_new_ones_after_it() -> None:
    """A request that was under way at the switch may have either."""
    _check(
        _answered(1, 2, "old"),
        _answered(9, 11, "old"),
        _answered(14, 15, "new"),
        _answered(13, 16, "old"),
        _answered(21, 22, "new"),
    )


@pytest.mark.parametrize(
    ("requests", "reason"),
    [
        ([_answered(1, 2, None, 500)], "1 of 1 requests failed"),
        ([_answered(1, 2, None, None)], "1 of 1 requests failed"),
        ([_answered(1, 2, "new")], "version new answered -8.00 s from .*, wanted old"),
        ([_answered(14, 15, "new"), _answered(16, 17, "old")], "version old answered .*, wanted new"),
        ([_answered(21, 22, "old")], "version old answered .*, wanted new"),
        ([_answered(12, 13, "other")], "version other answered .*, wanted new or old"),
    ],
)
def test_a_request_that_was_let_down_is_an_error(requests: list[Answered], reason: str) -> None:
    """Failed, answered by the new version too early or by the old one too late, or by a third one."""
    with pytest.raises(ProofError, match=reason):
        _check(*requests)


def test_the_table_says_what_was_refused_and_why_in_one_line() -> None:
    """The reason's first line alone: the rest is a stack trace."""
    attempt = Attempt(
        name="a bad model",
        seconds=1.5,
        before="old",
        after="old",
        answers={"old": 7},
        failed=0,
        longest_s=0.25,
        refused="row 3 differs\n  at line 1",
    )
    heading, figures, outcome = shown([attempt])
    assert heading.split()[:2] == ["change", "seconds"]
    assert figures.split() == ["a", "bad", "model", "1.5", "7", "by", "old", "0", "0.25"]
    assert outcome == "    refused, old went on: row 3 differs"
