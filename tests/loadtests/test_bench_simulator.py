"""The comparison with simfaas, in small."""

import json

import pytest

from loadtests.bench_simulator import compare, main, month


def test_both_simulators_find_the_same_cold_start_probability() -> None:
    """Within the 99 % interval of the difference of the runs, which short runs make wide."""
    found = compare(runs=4, seconds=4_000)
    assert found.requests == pytest.approx(4 * 4_000 * 0.9, rel=0.1)
    assert 0 < found.own_cold < 0.02
    assert 0 < found.rival_cold < 0.02
    assert found.agree
    assert found.ratio > 1


def test_a_month_has_the_requests_that_were_asked_for() -> None:
    """Scaled to 4 weeks, within what bursts make of it."""
    requests, _, _ = month(100_000)
    assert requests == pytest.approx(100_000, rel=0.05)


def test_the_command_prints_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    """And says whether both agree by its exit code."""
    assert main(["--runs", "3", "--seconds", "2000", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["agree"] is True
    assert document["month"] is None
