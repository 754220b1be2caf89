"""The gate against the real handler: it lets a right deployment through and names what is wrong with another."""

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from loadtests.gate import main
from loadtests.known import KnownAnswers
from loadtests.traffic import PROFILE

LATE_S = 1.3
"""Longer than a test run lasts: the answer comes when the time is up."""


@pytest.fixture
def gate(artefact: Path, data: Path, tmp_path: Path, root: Path) -> Callable[..., int]:
    """Run the gate for a second on the example."""

    def run(host: str, *more: str) -> int:
        arguments = ["--host", host, "--data", str(data), "--artefact", str(artefact)]
        arguments += ["--summary", str(tmp_path / "load/summary.json")]
        arguments += ["--markdown", str(tmp_path / "load/summary.md")]
        arguments += ["--html", str(tmp_path / "load/locust.html"), "--traffic", str(root / PROFILE)]
        return main([*arguments, "--users", "2", "--spawn-rate", "100", "--seconds", "1", *more])

    return run


def right(number: int, answer: Any) -> Any:
    """Leave every answer as it is."""
    return answer


def changed(answer: Any, change: Callable[[Any], None]) -> Any:
    """Return an answer with another document."""
    document = json.loads(answer["body"])
    change(document)
    return answer | {"body": json.dumps(document)}


def test_a_right_deployment_passes(
    serve: Any,
    gate: Any,
    known: KnownAnswers,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exit 0 and every figure, whatever Locust settings a person has; the probe got the handler's cold answer."""
    monkeypatch.setenv("LOCUST_MASTER", "true")
    with serve(right) as url:
        assert gate(url + "/", "--json") == 0
    written = capsys.readouterr()
    verdict = json.loads(written.out[written.out.index('{\n  "summary_version"') :])
    assert (verdict["passed"], verdict["problems"], verdict["faults"]) == (True, [], [])
    assert verdict["requests"] >= 5
    assert verdict["rows"] >= verdict["requests"]
    assert verdict["every"] == verdict["warm"]
    assert 0 < verdict["every"]["p50_s"] <= verdict["every"]["p99_s"] <= verdict["every"]["max_s"] < 10
    assert f"2 users for 1 s: {url}; sleep {known.version}, 200 rows" in written.err


def test_a_day_is_replayed_whole_with_its_peaks(serve: Any, gate: Any, tmp_path: Path) -> None:
    """As many requests as planned, most of them in the morning and the evening; three reports of it."""
    with serve(right) as url:
        assert gate(url, "--shape", "day", "--minutes", "0.05", "--requests", "60") == 0
    summary = json.loads((tmp_path / "load/summary.json").read_text())
    assert (summary["passed"], summary["requests"], summary["limits"]["planned"]) == (True, 60, 60)
    assert [part["name"] for part in summary["peaks"]] == ["waking-on-school-days", "before-bed"]
    assert sum(part["requests"] for part in summary["peaks"]) > 40
    assert sum(hour["requests"] for hour in summary["hours"]) == 60
    assert summary["function"]["requests"] == 60
    markdown = (tmp_path / "load/summary.md").read_text()
    assert markdown.startswith("### Load test PASSED: 60 requests, a weekday in 0.05 minutes\n")
    assert "| waking-on-school-days |" in markdown
    page = (tmp_path / "load/locust.html").read_text()
    assert "/predictions" in page
    assert not re.search(r"""(src|href)=["']https?://""", page)
    assert {path.name for path in (tmp_path / "load").iterdir()} == {
        "summary.json",
        "summary.md",
        "locust.html",
    }


def test_no_request_waits_for_an_earlier_one(serve: Any, gate: Any, tmp_path: Path) -> None:
    """All of them are under way while the first are held back: the load is open."""
    release, arrived = Event(), []

    def alter(number: int, answer: Any) -> Any:
        arrived.append(number)
        if len(arrived) == 31:  # with the probe
            release.set()
        if number:
            assert release.wait(30)
        return answer

    with serve(alter) as url:
        assert gate(url, "--shape", "day", "--minutes", "0.02", "--requests", "30") == 0
    summary = json.loads((tmp_path / "load/summary.json").read_text())
    assert summary["most_at_once"] == 30


def test_a_ramp_finds_where_it_breaks(
    serve: Any, gate: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends by itself soon after the break; the break is its success."""

    def alter(number: int, answer: Any) -> Any:
        throttle = {"statusCode": 429, "headers": {}, "body": '{"message":"Rate Exceeded"}'}
        return throttle if number > 60 else answer

    steps = ["--shape", "ramp", "--first-rate", "20", "--factor", "2", "--step-s", "1", "--most-rate", "320"]
    with serve(alter) as url:
        assert gate(url, *steps) == 0
    out = capsys.readouterr().out
    assert re.search(
        r"FOUND: it holds \d+\.0 requests/s \(\d+ at once\) and breaks at \d+\.0 \(\d+ at once\)", out
    )
    assert "failed: status 429, the first: Rate Exceeded" in out
    summary = json.loads((tmp_path / "load/summary.json").read_text())
    assert summary["breakpoint"]["held_per_s"] < summary["breakpoint"]["broken_per_s"]
    assert summary["requests"] < 200  # of about 620


def test_a_ramp_that_breaks_nothing_fails(serve: Any, gate: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Its cap of time is kept."""
    with serve(right) as url:
        assert gate(url, "--shape", "ramp", "--step-s", "0.5", "--minutes", "0.017") == 1
    assert "FAILED: nothing broke up to 12.5 requests/s" in capsys.readouterr().out


def test_a_token_is_sent_and_shown_nowhere(
    serve: Any,
    gate: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """From the environment to the header; neither report nor terminal has it."""
    monkeypatch.setenv("NIGHTJAR_TOKEN", "abc.secret.def")
    seen: list[str | None] = []

    def alter(number: int, answer: Any) -> Any:
        return answer

    with serve(alter, seen) as url:
        assert gate(url, "--auth", "bearer", "--shape", "day", "--minutes", "0.01", "--requests", "5") == 0
    assert seen == ["Bearer abc.secret.def"] * 6
    written = capsys.readouterr()
    texts = [path.read_text() for path in (tmp_path / "load").iterdir()]
    assert not any("secret" in text for text in (written.out, written.err, *texts))


def test_a_refusal_says_how_to_be_let_in(serve: Any, gate: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A protected stage cannot be tested without what it asks for."""
    with serve(lambda number, answer: answer | {"statusCode": 403}) as url:
        assert gate(url) == 2
    assert "refuses with status 403, wanted 200; AUTH=iam signs" in capsys.readouterr().err


def test_one_changed_answer_fails(serve: Any, gate: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """One of many is enough; the row's place is named."""

    def alter(number: int, answer: Any) -> Any:
        def raise_probability(document: Any) -> None:
            document["predictions"][0]["probability"] += 1e-4

        return changed(answer, raise_probability) if number == 3 else answer

    with serve(alter) as url:
        assert gate(url) == 1
    failed = capsys.readouterr().out.partition("FAILED: ")[2]
    assert failed.startswith("1 of ")
    assert "got a wrong answer: wrong probability, the first: " in failed
    assert "yrbss.csv line " in failed


def test_a_server_error_fails(serve: Any, gate: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """What the gateway answers when the function raises."""
    error = {"statusCode": 500, "headers": {}, "body": '{"message":"Internal Server Error"}'}
    with serve(lambda number, answer: answer if number % 3 else error) as url:
        assert gate(url) == 1
    assert "failed: status 500, the first: Internal Server Error" in capsys.readouterr().out


def test_a_slow_answer_fails_though_it_comes_after_the_end(
    serve: Any, gate: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Requests that are under way when the time is up are waited for: they are the slow ones."""
    never = Event()

    def alter(number: int, answer: Any) -> Any:
        if number == 2:
            never.wait(LATE_S)
        return answer

    with serve(alter) as url:
        assert gate(url, "--sla-s", "0.5") == 1
    out = capsys.readouterr().out
    late = re.search(r"FAILED: \d+ of \d+ requests took longer than 0\.5 s, the longest (\d+\.\d+) s", out)
    assert late is not None
    assert float(late[1]) >= LATE_S
    assert "cut off" not in out


def test_a_hang_up_fails(serve: Any, gate: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A request without a response is a failure with a name, not a gap."""
    with serve(lambda number, answer: None if number == 3 else answer) as url:
        assert gate(url) == 1
    assert "FAILED: 1 of " in capsys.readouterr().out


def test_a_redirect_is_not_followed(serve: Any, gate: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """No host but the given one gets traffic."""
    elsewhere: list[int] = []

    def count(number: int, answer: Any) -> Any:
        elsewhere.append(number)
        return answer

    with serve(count) as other:
        moved = {"statusCode": 307, "headers": {"location": f"{other}/predictions"}, "body": ""}
        with serve(lambda number, answer: moved if number else answer) as url:
            assert gate(url) == 1
    assert "failed: status 307" in capsys.readouterr().out
    assert elsewhere == []


def test_another_model_version_is_no_test(
    serve: Any, gate: Any, known: KnownAnswers, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both versions are named before any load is put on the service."""
    requests: list[int] = []

    def alter(number: int, answer: Any) -> Any:
        requests.append(number)
        return changed(answer, lambda document: document["model"].update(version="abcdef012345"))

    with serve(alter) as url:
        assert gate(url) == 2
    error = capsys.readouterr().err
    assert f"serves model version abcdef012345, the artefact is version {known.version}" in error
    assert requests == [0]


def test_an_unreachable_host_is_no_test(gate: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, no traceback."""
    with socket.socket() as taken:  # bound, but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert gate(url) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: nothing answers at {url} (")
    assert "make serve" in line


def test_a_wrong_path_is_no_test(serve: Any, gate: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The base URL ends before /predictions."""
    with serve(right) as url:
        assert gate(f"{url}/predictions") == 2
    assert "answers with status 404, wanted 200" in capsys.readouterr().err


def test_a_missing_file_is_no_test(
    gate: Any, tmp_path: Path, artefact: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Artefact, data and the bundle of an own deployment are named."""
    nowhere = str(tmp_path / "nowhere")
    assert gate("http://127.0.0.1:9", "--artefact", nowhere) == 2
    assert gate("http://127.0.0.1:9", "--data", nowhere) == 2
    assert main(["--artefact", str(artefact), "--data", str(data), "--bundle", nowhere]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert gate("http://127.0.0.1:9", "--shape", "day", "--traffic", f"{nowhere}.toml") == 2
    lines += capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert all(nowhere in line for line in lines)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--users", "0"],
        ["--seconds", "x"],
        ["--sla-s", "nan"],
        ["--spawn-rate", "-1"],
        ["--factor", "1"],
        ["--shape", "night"],
        ["--requests", "5", "--multiplier", "2"],
    ],
)
def test_nonsense_is_a_usage_error(arguments: list[str]) -> None:
    """Exit 2, as for every wrong input."""
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
