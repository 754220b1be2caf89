"""What a terminal shows while the load runs."""

from pathlib import Path

from loadtests.generator import _Watch
from loadtests.grading import Fault
from loadtests.samples import Recorder, Sample


def test_the_watch_counts_what_has_been_recorded(tmp_path: Path) -> None:
    """From no file to a line that is still being written; the last line, which is no request, is not one."""
    path = tmp_path / "samples"
    watch = _Watch(path)
    assert watch.line(1.0) == "  1 s  starting"
    recorder = Recorder(path)
    fault = Fault(kind="wrong", reason="wrong label", detail="x")
    for found in (None, fault):
        recorder.write(Sample(started_s=0.0, elapsed_s=0.1, status=200, rows=1, cold=False, fault=found))
    assert watch.line(2.0) == "  2 s  2 requests, 1 failed or wrong"
    recorder.close()
    assert watch.line(3.0) == "  3 s  2 requests, 1 failed or wrong"
    with path.open("a") as file:
        file.write('{"fault": ')
    assert watch.line(4.0) == "  4 s  2 requests, 1 failed or wrong"
    with path.open("a") as file:
        file.write("null}\n")
    assert watch.line(5.0) == "  5 s  3 requests, 1 failed or wrong"
