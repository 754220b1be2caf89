"""Reading the log onwards, against the emulator's own log service."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.emulator import Emulator, emulator
from infra.local.metrics.log import LogError, LogReader

GROUP = "lines"
REPORT = (
    "REPORT RequestId: {}\tDuration: 1 ms\tBilled Duration: 1 ms\tMemory Size: 512 MB\tMax Memory Used: 44 MB"
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator for the module."""
    with emulator(scratch=tmp_path_factory.mktemp("log"), region="eu-central-1") as started:
        yield started


class _Counted:
    """A log client that counts the lines which it hands out."""

    def __init__(self, client: Any) -> None:
        self._client, self.lines = client, 0

    def get_paginator(self, name: str) -> "_Counted":
        self._pages = self._client.get_paginator(name)
        return self

    def paginate(self, **given: Any) -> Iterator[dict[str, Any]]:
        for page in self._pages.paginate(**given):
            self.lines += len(page["events"])
            yield page


@pytest.fixture
def logs(running: Emulator) -> Iterator[Any]:
    """boto3's client, with an empty group."""
    client = running.client("logs")
    client.create_log_group(logGroupName=GROUP)
    yield client
    client.delete_log_group(logGroupName=GROUP)


def _write(client: Any, stream: str, *, at_ms: int, report: bool = True, lines: int = 3) -> None:
    """Write an invocation as the emulator does: all lines with one time."""
    client.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    last = [REPORT.format(stream)] if report else []
    messages = [f"START RequestId: {stream} Version: 1", *["line"] * (lines - 1 - len(last)), *last]
    events = [{"timestamp": at_ms, "message": message} for message in messages]
    client.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)


def _read(reader: LogReader) -> list[str]:
    """Return the invocations' names."""
    return [lines[0][1].split()[2] for lines in reader.invocations()]


def test_each_invocation_is_read_once_and_whole(logs: Any) -> None:
    """One without a report is not over yet."""
    now, reader = round(time.time() * 1000), LogReader(logs, GROUP)
    _write(logs, "a", at_ms=now)
    _write(logs, "b", at_ms=now, report=False)
    ((*lines,),) = reader.invocations()
    assert [at_s for at_s, _ in lines] == [now / 1000] * 3
    assert lines[-1][1].startswith("REPORT RequestId: a")
    event = {"timestamp": now + 1, "message": REPORT.format("b")}
    logs.put_log_events(logGroupName=GROUP, logStreamName="b", logEvents=[event])
    assert _read(reader) == ["b"]
    assert _read(reader) == []


def test_a_line_that_appears_late_is_read(logs: Any) -> None:
    """The emulator takes the time first, and another invocation may be written in between."""
    now, reader = round(time.time() * 1000), LogReader(logs, GROUP)
    _write(logs, "later", at_ms=now)
    assert _read(reader) == ["later"]
    _write(logs, "earlier", at_ms=now - 3000)
    assert _read(reader) == ["earlier"]


def test_what_was_read_is_not_asked_for_again(logs: Any) -> None:
    """Apart from the last seconds, however long the log is."""
    now = round(time.time() * 1000)
    for at in range(20):
        _write(logs, f"old{at}", at_ms=now - 60_000 - at)
    _write(logs, "new", at_ms=now)
    counted = _Counted(logs)
    reader = LogReader(counted, GROUP)
    assert len(_read(reader)) == 21
    counted.lines = 0
    assert _read(reader) == []
    assert counted.lines == 3


def test_a_log_beyond_one_answer_is_read_to_its_end(logs: Any) -> None:
    """The emulator cuts an answer off and gives no token for the rest: 10,000 lines, here of its own limit."""
    now, reader = round(time.time() * 1000), LogReader(logs, GROUP)
    for at in range(3):
        _write(logs, f"s{at}", at_ms=now + at, lines=4000)
    assert _read(reader) == ["s0", "s1", "s2"]


def test_more_lines_of_one_moment_than_an_answer_holds_are_an_error(logs: Any) -> None:
    """Rather than invocations that are never seen."""
    now = round(time.time() * 1000)
    for at in range(3):
        _write(logs, f"s{at}", at_ms=now, lines=4000)
    with pytest.raises(LogError, match=r"has 10000 lines of one millisecond, wanted fewer"):
        _read(LogReader(logs, GROUP))
