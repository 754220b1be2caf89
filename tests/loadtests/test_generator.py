"""What a terminal shows while the load runs, and a load that is cut short."""

from pathlib import Path
from typing import Any

from loadtests.generator import Load, Open, _Watch, generate
from loadtests.grading import Fault
from loadtests.judgement import Limits, judge
from loadtests.samples import Recorder, Sample
from loadtests.shapes import Shape


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


def test_a_load_that_is_cut_short_has_sent_fewer_requests_than_planned(
    serve: Any, artefact: Path, data: Path, tmp_path: Path
) -> None:
    """What was not sent in time is missing from the samples, and the verdict says so."""
    shape = Shape(name="cut", seconds=1.0, moments_s=(0.0, 0.1, 600.0))
    with serve(lambda number, answer: answer) as url:
        load = Load(
            host=url, pace=Open(shape=shape), patience_s=30.0, data=data, artefact=artefact, grace_s=3.0
        )
        samples = generate(load, scratch=tmp_path, progress=lambda line: None)
    assert sorted(sample.due_s or 0.0 for sample in samples) == [0.0, 0.1]
    assert all(sample.fault is None and sample.late_s >= 0 for sample in samples)
    (problem,) = judge(samples, Limits(sla_s=60, planned=3)).problems
    assert problem == "2 requests were sent, fewer than the 3 that were planned"
