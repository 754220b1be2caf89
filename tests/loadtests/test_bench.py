"""The benchmark counts rightly and writes what it measured; how quick anything is, is not tested."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from function.contract import Contract, load_contract
from infra.bundle import Bundle, build
from infra.capacity.measurements import load_measurements
from infra.local.process import ChildError
from loadtests.bench import main
from loadtests.bench_candidates import bundled, request
from loadtests.bench_figure import draw
from loadtests.bench_machine import Quota, describe, quota
from loadtests.bench_report import TITLES, Target, as_table, targets
from loadtests.bench_results import (
    Batch,
    Footprint,
    Machine,
    Results,
    Starts,
    spread,
    write_results,
)
from loadtests.bench_soak import requests_of, soak

PARTS = {"total": 200.0, "parse": 20.0, "infer": 50.0}


def starts(init_ms: float) -> Starts:
    """Return three starts around a time."""
    times = (init_ms + 1, init_ms, init_ms - 1)
    return Starts(init_ms=times, cpu_ms=times, first_ms=(1.5, 1.0, 2.5), warm_ms=(0.5, 0.25))


@pytest.fixture
def results() -> Results:
    """Return a run in which Nightjar starts in 60 ms and the floor in 100."""
    init = {"empty": 30.0, "nightjar": 60.0, "binding": 100.0, "estimator": 900.0, "ancestor": 600.0}
    full = {name: starts(value) for name, value in init.items()}
    item = Footprint(rss_first_mb=44, rss_later_mb=45, requests=1000, read_mb=48.0, cold_init_ms=90.0)
    return Results(
        date="2026-01-01T00:00:00+00:00",
        machine=Machine(cpu="a processor", cores=2, kernel="6", python="3.13.0"),
        model="sleep",
        model_version="0123456789ab",
        full=full,
        memory={512: full, 1769: {"nightjar": starts(61), "binding": starts(101)}},
        footprint=dict.fromkeys(TITLES, item) | {"binding": replace(item, read_mb=90.0)},
        unzipped_mb=36.5,
        zipped_mb=13.7,
        warm_us={"advice": PARTS, "no advice": {**PARTS, "total": 130.0}},
        batch=Batch(rows=10_000, ours_ms=120.0, binding_ms=100.0),
        skipped={"something": "for a reason"},
    )


def test_a_spread_is_the_middle_and_the_ends() -> None:
    """Of an even number, the mean of the two in the middle."""
    assert spread([3, 1, 2]) == (2, 1, 3)
    assert spread([4, 1, 2, 3]) == (2.5, 1, 4)
    with pytest.raises(ValueError, match="no measurement"):
        spread([])


def test_the_planner_reads_what_was_written(results: Results, tmp_path: Path) -> None:
    """Every time of Nightjar's, by memory; nothing else is left in the folder."""
    taken = load_measurements(write_results(results, tmp_path))
    assert taken.model == "sleep 0123456789ab"
    assert taken.by_memory.keys() == results.memory.keys()
    for memory_mb, group in results.memory.items():
        ours, theirs = group["nightjar"], taken.at(memory_mb)
        assert (ours.init_ms, ours.first_ms, ours.warm_ms) == (
            theirs.init_ms,
            theirs.first_ms,
            theirs.warm_ms,
        )
    assert [file.name for file in tmp_path.iterdir()] == ["bench.json"]


def test_targets_compare_medians(results: Results) -> None:
    """Ratios are of medians; a limit is met when it is reached."""
    seen = {target.text: target for target in targets(results)}
    assert seen["init / floor (a)"] == Target("init / floor (a)", 0.6, 0.65, "×")
    assert seen["init / floor (a)"].met
    assert seen["(b) init / ours"].seen == 15
    assert (seen["(c) init / ours"].seen, seen["(c) init / ours"].met) == (10, False)
    assert seen["first answer"].seen == 1.5
    assert seen["warm row without advice"].met is False
    assert seen["10,000 rows / binding"].seen == 1.2


def test_what_was_not_measured_is_neither_met_nor_missed(results: Results) -> None:
    """A page cache that cannot be emptied."""
    nothing = replace(results.footprint["nightjar"], read_mb=None, cold_init_ms=None)
    lacking = replace(results, footprint={**results.footprint, "nightjar": nothing})
    (target,) = [target for target in targets(lacking) if target.text == "read cold / (a)"]
    assert (target.seen, target.met) == (None, None)
    assert "not measured" in as_table(lacking)


def test_the_table_has_absolute_values_ratios_and_the_machine(results: Results) -> None:
    """And says what was skipped."""
    table = as_table(results)
    assert "sleep 0123456789ab on a processor, 2 cores" in table
    assert "60.0 [59.0 … 61.0]" in table
    assert "   1.67     100" in table
    assert "512 MB: 0.29 of a core" in table
    assert "SKIPPED something: for a reason" in table


def test_the_figure_is_drawn_whole(results: Results, tmp_path: Path) -> None:
    """One file, the same again for the same results."""
    path = draw(results, tmp_path)
    first = path.read_bytes()
    assert ET.fromstring(first).tag.endswith("svg")
    assert draw(results, tmp_path).read_bytes() == first
    assert [file.name for file in tmp_path.iterdir()] == ["bench.svg"]


def test_a_request_has_advice_to_give_or_none(contract: Contract) -> None:
    """Every what-if starts from the row's answers, or none does."""
    for advice in (True, False):
        event = request(contract, advice=advice)
        (row,) = json.loads(event["body"])["instances"]
        applies = [
            what_if.applies_to(row.get(what_if.feature)) and row.get(what_if.feature) != what_if.to
            for what_if in contract.actionable
        ]
        assert any(applies) is advice


def test_a_share_of_a_core_is_set_by_either_version(tmp_path: Path) -> None:
    """The limit is memory/1769 of the period; the group is left as an empty folder of files by this stand-in."""
    (tmp_path / "cgroup.controllers").write_text("cpu memory\n")
    with pytest.raises(OSError, match="not empty"), quota(512, root=tmp_path) as share:
        assert (share.procs.parent / "cpu.max").read_text() == f"{20_000 * 512 // 1769} 20000"


def test_no_controller_is_said(tmp_path: Path) -> None:
    """Rather than measured without a limit."""
    with pytest.raises(OSError, match="has no cpu controller"), quota(512, root=tmp_path):
        pass


def test_a_limited_command_enters_its_group_first(tmp_path: Path) -> None:
    """It keeps its process id."""
    wrapped = Quota(procs=tmp_path / "procs").wrap(["python", "-m", "x"])
    assert wrapped[-4:] == [str(tmp_path / "procs"), "python", "-m", "x"]


def test_the_machine_is_named() -> None:
    """Figures without it mean nothing."""
    machine = describe()
    assert machine.cpu
    assert machine.cores >= 1


def test_nothing_to_measure_is_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do."""
    arguments = ["--artefact", str(tmp_path / "no"), "--bundle", str(tmp_path / "no")]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 2
    assert "convert the model" in capsys.readouterr().err


@pytest.mark.long
def test_a_quick_run_measures_every_handler(
    artefact: Path, built: Bundle, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the real runtime client; the figures themselves are not judged."""
    out = tmp_path / "out"
    arguments = [
        "--artefact",
        str(artefact),
        "--bundle",
        str(built.path),
        "--out",
        str(out),
        "--quick",
        "--json",
    ]
    assert main([*arguments, "--model", str(root / "model/sleep.skops")]) == 0
    results = json.loads((out / "bench.json").read_bytes())
    assert results["full"].keys() == results["footprint"].keys() == TITLES.keys()
    assert results["memory"].keys() <= {"256", "512", "1024", "1769"}
    assert results["memory"] or "shares of a core" in results["skipped"]
    warm = results["warm_us"]
    assert warm["advice"].keys() == warm["no advice"].keys()
    assert warm["advice"].keys() >= {"total", "parse", "validate", "infer", "advise", "respond"}
    assert all(split["infer"] > 0 and split["log and metrics"] > 0 for split in warm.values())
    printed = json.loads(capsys.readouterr().out)
    assert printed["model_version"] == results["model_version"]
    assert len(printed["targets"]) == 11
    assert (out / "bench.svg").is_file()


@pytest.fixture(scope="module")
def built(artefact: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The example's bundle."""
    return build(artefact, tmp_path_factory.mktemp("bundle") / "bundle", cache=root / "build/cache")


def test_a_soak_asks_every_kind_of_request_and_reads_memory(
    built: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After 1,000 requests and after the last; by then nothing grows any more."""
    assert main(["--bundle", str(built.path), "--out", str(tmp_path / "out"), "--soak", "2000"]) == 0
    readings = json.loads((tmp_path / "out/soak.json").read_bytes())
    assert [item["requests"] for item in readings] == [1000, 2000]
    assert 0 < readings[0]["now_mb"] <= readings[0]["peak_mb"]
    assert readings[1]["peak_mb"] - readings[0]["peak_mb"] < 1
    assert "peak memory grew by" in capsys.readouterr().out


def test_a_soak_ends_at_a_wrong_answer(artefact: Path, built: Bundle, tmp_path: Path) -> None:
    """With the answer, not with a reading that proves nothing."""
    (event, _), *_ = requests_of(load_contract(artefact))
    with pytest.raises(ChildError, match="wanted status 418"):
        soak(bundled(built, out=tmp_path), [(event, 418)], requests=1, scratch=tmp_path, say=lambda _: None)
