"""The planner's command line, as a person uses it."""

import json
from pathlib import Path

import pytest

from infra.capacity.__main__ import main
from infra.capacity.arrivals import draw
from infra.capacity.measurements import Measurements, dump_measurements, load_measurements
from infra.capacity.traffic import load_profile
from infra.schedule import load


@pytest.fixture
def files(template_file: Path, measurements: Measurements, tmp_path: Path) -> list[str]:
    """The arguments that every command needs here."""
    times = tmp_path / "measurements.json"
    times.write_text(dump_measurements(measurements))
    return ["--template", str(template_file), "--measurements", str(times)]


def test_plan_writes_schedule_page_and_picture(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The schedule file is one that the stack reads."""
    schedule, out = tmp_path / "schedule.toml", tmp_path / "plan"
    options = ["--memory-mb", "512", "--weeks", "2", "--schedule", str(schedule), "--out", str(out)]
    assert main(["plan", *files, *options]) == 0

    printed = capsys.readouterr()
    assert "on the brief's basis" in printed.out
    assert f"written {schedule}" in printed.err
    assert [peak.name for peak in load(schedule).peaks][-1] == "before-bed"
    assert {path.name for path in out.iterdir()} == {"plan.html", "plan.png"}


def test_recorded_traffic_is_planned_too(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Peaks are found in it; nothing is written where that is asked."""
    arrivals = draw(load_profile(Path("infra/capacity/traffic.toml")), weeks=2, seed=1)
    recorded = tmp_path / "traffic.csv"
    monday = 1_767_571_200  # 2026-01-05 00:00 UTC
    recorded.write_text("timestamp\n" + "".join(f"{monday + moment:.3f}\n" for moment in arrivals))
    options = [
        "--traffic",
        str(recorded),
        "--time-zone",
        "UTC",
        "--memory-mb",
        "512",
        "--no-schedule",
        "--json",
    ]
    assert main(["plan", *files, *options, "--out", str(tmp_path / "out"), "--cold-share", "0.01"]) == 0

    document = json.loads(capsys.readouterr().out)
    assert 'name = "weekdays-0600"' in document["schedule"]
    assert document["requests_per_month"] == pytest.approx(200_000, rel=0.05)


def test_price_of_the_brief_and_of_the_template(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """$5.7536 for the brief; the stack's own lines for the template, with the capacity that it orders."""
    assert main(["price", *files, "--brief", "--json"]) == 0
    assert round(json.loads(capsys.readouterr().out)["usd"], 4) == 5.7536
    assert main(["price", *files, "--free-dashboards", "--json"]) == 0
    bill = json.loads(capsys.readouterr().out)
    assert {line["item"]: line["usd"] for line in bill["lines"]}["provisioned"] > 1
    assert main(["price", *files]) == 0
    assert "list prices of eu-central-1" in capsys.readouterr().out


def test_measurements_of_the_benchmark_are_taken_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its file's nightjar times by memory, and where they are from."""
    starts = {"init_ms": [100.0], "cpu_ms": [50.0], "first_ms": [2.0], "warm_ms": [1.0, 1.5]}
    bench = {
        "bench_version": 1,
        "date": "2026-11-26T05:00:00+00:00",
        "machine": {"cpu": "A CPU", "cores": 2, "kernel": "k", "python": "p"},
        "model": "sleep",
        "model_version": "abc",
        "memory": {"512": {"nightjar": starts, "empty": starts}},
    }
    source, target = tmp_path / "bench.json", tmp_path / "measurements.json"
    source.write_text(json.dumps(bench))
    assert main(["measurements", "--bench", str(source), "--out", str(target)]) == 0

    taken = load_measurements(target)
    assert taken == load_measurements(source)
    assert taken.origin == "make bench of 2026-11-26 on A CPU, 2 cores"
    assert taken.at(512).warm_ms == (1.0, 1.5)


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--traffic", "none.toml"], 2, "cannot read the traffic profile none.toml"),
        (["--template", "none.json"], 2, "cannot read the template none.json"),
        (["--measurements", "none.json"], 2, "cannot read the measurements none.json"),
        (["--memory-mb", "300"], 2, "memory is 300 MB, measured are 256, 512 MB"),
        (["--region", "us-west-9"], 2, "no price list for region 'us-west-9'"),
        (["--sla-s", "0.001", "--memory-mb", "256"], 1, "still start cold"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(
    files: list[str],
    options: list[str],
    code: int,
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The exit code says whose fault it is."""
    out, schedule = tmp_path / "out", tmp_path / "schedule.toml"
    assert (
        main(["plan", *files, "--out", str(out), "--schedule", str(schedule), "--weeks", "1", *options])
        == code
    )
    assert told in capsys.readouterr().err
    assert not out.exists()
    assert not schedule.exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--memory-mb", "much"],
        ["--cold-share", "2"],
        ["--weeks", "0"],
        ["--sla-s", "nan"],
        ["--least", "1.5"],
    ],
)
def test_values_out_of_range_are_usage_errors(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With the value and what was wanted."""
    with pytest.raises(SystemExit) as ended:
        main(["plan", *options])
    assert ended.value.code == 2
    assert options[1] in capsys.readouterr().err
