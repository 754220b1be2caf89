"""Samples come out of the file as they went in, or not at all."""

from pathlib import Path

import pytest

from loadtests.errors import RunError
from loadtests.grading import Fault
from loadtests.samples import Recorder, Sample, read_samples

FAULT = Fault(kind="failed", reason="status 500", detail="a\nb \u2028 c")
SAMPLES = [
    Sample(started_s=0.1, elapsed_s=1 / 3, status=200, rows=1, cold=True, fault=None),
    Sample(started_s=0.2, elapsed_s=2 / 3, status=500, rows=2, cold=False, fault=FAULT),
    Sample(
        started_s=0.3,
        elapsed_s=0.1,
        status=200,
        rows=1,
        cold=True,
        fault=None,
        due_s=0.1 + 0.2,
        late_s=1e-9,
        total_ms=0.7,
        init_ms=70.25,
    ),
]


def record(path: Path) -> Recorder:
    """Return a recorder that has the samples."""
    recorder = Recorder(path)
    for sample in SAMPLES:
        recorder.write(sample)
    return recorder


def test_samples_are_read_as_they_were_written(tmp_path: Path) -> None:
    """To the last digit of a time."""
    record(tmp_path / "s").close()
    assert read_samples(tmp_path / "s") == SAMPLES


def test_a_file_without_its_end_is_refused(tmp_path: Path) -> None:
    """The requests that are missing may be the ones that failed."""
    path = tmp_path / "s"
    record(path).close()
    lines = path.read_text().splitlines(keepends=True)
    for kept in ([], lines[:1], lines[:3], [lines[0], lines[3]], [*lines[:3], lines[3][:5]]):
        path.write_text("".join(kept))
        with pytest.raises(RunError, match="cut off after"):
            read_samples(path)


def test_no_file_is_refused(tmp_path: Path) -> None:
    """The load generator did not come to write it."""
    with pytest.raises(RunError):
        read_samples(tmp_path / "nothing")
