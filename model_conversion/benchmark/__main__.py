"""``make bench-trees``: tree graphs of skl2onnx, ours and scikit-learn.

Loading is timed in fresh processes in random order; answers in one process a round, where the graphs take turns.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from function.ort import Session
from model_conversion.benchmark.models import MODELS, TreeModel, built
from model_conversion.benchmark.trial import BATCHES, answers
from model_conversion.library import locked_library

WAYS = {"default": "default.onnx", "ours": "ours.onnx", "scikit-learn": "model.joblib"}
"""Way of answering → its file."""

LOADS = 3
"""Fresh processes of each way that load its file, in a round."""

BUDGET_S = 2.0
"""Time for the calls of one batch size in a round."""


def main(argv: list[str] | None = None) -> int:
    """Run and return the exit code.

    Args:
        argv: Arguments without the program's name; None means the process's own.
    """
    parser = argparse.ArgumentParser(
        prog="python -m model_conversion.benchmark",
        description="Load time, size, speed and error of tree graphs: skl2onnx's default, ours, scikit-learn.",
        epilog='example:\n  python -m model_conversion.benchmark --only "forest of 100, two" --rounds 9\n\n'
        "exit codes: 0 measured, 2 usage, 130 interrupted",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", default="", help="models whose name holds this")
    parser.add_argument(
        "--rounds",
        type=_count,
        default=5,
        help="fresh processes that answer; three times as many of each way load (default: %(default)s)",
    )
    parser.add_argument(
        "--rows", type=_count, default=BATCHES[-1], help="largest batch (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    options = parser.parse_args(argv)
    if not any(options.only in name for name in MODELS):
        print(
            f"error: no model has {options.only!r} in its name; there are {', '.join(MODELS)}",
            file=sys.stderr,
        )
        return 2
    try:
        return _compare(options)
    except KeyboardInterrupt:
        return 130


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def _compare(options: argparse.Namespace) -> int:
    found = {}
    for name in (name for name in MODELS if options.only in name):
        found[name] = compared(built(name, asked=options.rows), rounds=options.rounds)
        if not options.json:
            print("\n".join(_lines(name, found[name])), flush=True)
    if options.json:
        print(json.dumps(found, indent=1))
    return 0


def compared(
    model: TreeModel, *, rounds: int, loads: int = LOADS, budget_s: float = BUDGET_S
) -> dict[str, Any]:
    """Return size, errors and medians of load and batch times by way of answering.

    Args:
        model: Fitted and converted.
        rounds: Fresh processes that answer.
        loads: Fresh processes of each way that load, in a round.
        budget_s: Time for the calls of one batch size in a round.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / WAYS["default"]).write_bytes(model.default)
        (folder / WAYS["ours"]).write_bytes(model.ours)
        joblib.dump(model.estimator, folder / WAYS["scikit-learn"])
        np.save(folder / "rows.npy", model.rows)
        loaded: dict[str, list[float]] = {way: [] for way in WAYS}
        batches: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        rng = np.random.default_rng(0)
        for _ in range(rounds):
            for way in rng.permutation([way for way in WAYS for _ in range(loads)]).tolist():
                loaded[way].append(_trial("load", folder / WAYS[way])["load_ms"])
            for ways in (("default", "ours"), ("scikit-learn",)):
                found = _trial(str(budget_s), folder / "rows.npy", *(folder / WAYS[way] for way in ways))[
                    "batch_us"
                ]
                for at, way in enumerate(ways):
                    batches[way].append({size: times[at] for size, times in found.items()})
        sizes = {way: (folder / file).stat().st_size for way, file in WAYS.items()}
    errors = {"default": _errors(model, model.default), "ours": _errors(model, model.ours)}
    return {"nodes": model.nodes} | {
        way: {
            "size_bytes": sizes[way],
            "load_ms": median(loaded[way]),
            "batch_us": {size: median(seen[size] for seen in batches[way]) for size in batches[way][0]},
            **errors.get(way, {"flips": 0, "max_error": 0.0}),
        }
        for way in WAYS
    }


def _trial(what: str, *paths: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "model_conversion.benchmark.trial", what, *map(str, paths)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    timed: dict[str, Any] = json.loads(done.stdout)
    return timed


def _errors(model: TreeModel, graph: bytes) -> dict[str, Any]:
    """Return flips and the largest difference, on rows at the thresholds and as many others."""
    rows: NDArray[np.float64] = np.concatenate([model.near, model.rows[: len(model.near)]])
    with Session(locked_library(), graph) as session:
        labels, scores = answers(session, rows)
    return {
        "flips": int((labels != model.estimator.predict(rows)).sum()),
        "max_error": float(np.abs(scores - model.estimator.predict_proba(rows)).max()),
    }


def _lines(name: str, found: dict[str, Any]) -> list[str]:
    sizes = list(found["ours"]["batch_us"])
    head = " ".join(f"{int(size):>9,}" for size in sizes)
    lines = [
        f"\n{name} ({found['nodes']:,} nodes)",
        f"  {'':<14}{'MB':>8}{'load ms':>9}  rows: {head}  µs {'flips':>6} {'error':>8}",
    ]
    for way in WAYS:
        seen = found[way]
        times = " ".join(f"{seen['batch_us'][size]:>9,.0f}" for size in sizes)
        lines.append(
            f"  {way:<14}{seen['size_bytes'] / 1e6:>8.2f}{seen['load_ms']:>9.1f}        {times}     "
            f"{seen['flips']:>6} {seen['max_error']:>8.1e}"
        )
    ours, default = found["ours"], found["default"]
    ratios = " ".join(f"{ours['batch_us'][size] / default['batch_us'][size]:>9.2f}" for size in sizes)
    lines.append(
        f"  {'ours/default':<14}{ours['size_bytes'] / default['size_bytes']:>8.2f}"
        f"{ours['load_ms'] / default['load_ms']:>9.2f}        {ratios}"
    )
    return lines


if __name__ == "__main__":
    sys.exit(main())
