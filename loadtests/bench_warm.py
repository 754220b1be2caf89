"""Measures the bundle in its own process: where a warm request's microseconds go, a large batch, memory.

The benchmark runs this file with the bundle as the only ``function`` there is. The functions that serve are
timed as they are, in place; nothing is rebuilt for the measurement.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]

PARTS = (
    ("parse", "function.service", "parse_event resolve require_json"),
    ("parse", "function.predictions", "parse_json"),
    ("validate", "function.predictions", "check"),
    ("advise", "function.advice.Adviser", "variants choose"),
    ("infer", "function.predictor.Predictor", "predict"),
    ("log and metrics", "function.telemetry.Telemetry", "predicted"),
    ("respond", "function.predictions.Predictions", "_render"),
    ("respond", "function.service", "success"),
)
"""Part of a request, where its functions are found by name, and their names."""

CONTEXT = SimpleNamespace(aws_request_id="00000000-0000-0000-0000-000000000001")


def _split(events: dict[str, Any], repeats: int) -> dict[str, dict[str, float]]:
    """Return event → part → median µs."""
    from function.handler import handler

    result: dict[str, dict[str, float]] = {}
    for name, event in events.items():
        _time(handler, event, repeats // 5)  # warm
        result[name] = {"total": median(_time(handler, event, repeats))}
    spent = dict.fromkeys((part for part, _, _ in PARTS), 0.0)
    for part, place, functions in PARTS:
        owner = _resolve(place)
        for function in functions.split():
            if hasattr(owner, function):
                setattr(owner, function, _clocked(getattr(owner, function), spent, part))
    for name, event in events.items():
        samples: dict[str, list[float]] = {part: [] for part in spent}
        rest = []
        for _ in range(repeats):
            spent.update(dict.fromkeys(spent, 0.0))
            (total,) = _time(handler, event, 1)
            rest.append(total - sum(spent.values()))
            for part, value in spent.items():
                samples[part].append(value)
        result[name] |= {part: median(values) for part, values in samples.items()} | {"other": median(rest)}
    return result


def _time(handler: "Callable[..., Any]", event: Any, repeats: int) -> list[float]:
    times = []
    for _ in range(repeats):
        start = perf_counter()
        answer = handler(event, CONTEXT)
        times.append((perf_counter() - start) * 1e6)
        assert answer["statusCode"] == 200, answer
    return times


def _clocked(function: "Callable[..., Any]", spent: dict[str, float], part: str) -> "Callable[..., Any]":
    def timed(*args: Any, **kwargs: Any) -> Any:
        start = perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            spent[part] += (perf_counter() - start) * 1e6

    return timed


def _resolve(place: str) -> Any:
    names = place.split(".")
    owner = sys.modules[".".join(names[:2])]
    return getattr(owner, names[2]) if len(names) > 2 else owner


def _batch(rows: int, repeats: int) -> dict[str, float]:
    """Return the median times of both ways, alternating."""
    import numpy as np
    import onnxruntime

    from function.contract import MODEL_FILE, load_contract
    from function.predictor import Predictor
    from function.settings import Settings

    settings = Settings.from_env(os.environ)
    contract = load_contract(settings.model_path)
    predictor = Predictor.load(settings.model_path, contract, library=settings.library_path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(settings.model_path / MODEL_FILE), options, providers=["CPUExecutionProvider"]
    )
    dtypes = {"tensor(float)": "f4", "tensor(double)": "f8", "tensor(int64)": "i8", "tensor(string)": "O"}
    inputs = [
        (
            info.name,
            dtypes[info.type],
            [
                (feature.name, feature.null_token if info.type == "tensor(string)" else float("nan"))
                for feature in sorted(contract.features, key=lambda feature: feature.column)
                if feature.onnx_input == info.name
            ],
        )
        for info in session.get_inputs()
    ]
    outputs = [name for name in (contract.outputs.score, contract.outputs.label) if name is not None]
    golden = [item.row for item in contract.golden.rows]
    batch = [golden[at % len(golden)] for at in range(rows)]

    def ours() -> Any:
        return predictor.predict(batch)

    def binding() -> Any:
        feeds = {
            name: np.array(
                [
                    [null if row.get(feature) is None else row.get(feature) for feature, null in columns]
                    for row in batch
                ],
                dtype=dtype,
            )
            for name, dtype, columns in inputs
        }
        return [answer.tolist() for answer in session.run(outputs, feeds)]

    times: dict[str, list[float]] = {"ours_ms": [], "binding_ms": []}
    for _ in range(repeats + 1):
        for key, run in (("ours_ms", ours), ("binding_ms", binding)):
            start = perf_counter()
            run()
            times[key].append((perf_counter() - start) * 1e3)
    return {key: median(values[1:]) for key, values in times.items()}


def _soak(events: list[tuple[Any, int]], requests: int) -> list[tuple[int, float, float]]:
    """Return after how many requests memory was read, its peak and what it was, in MB of 2**20 bytes."""
    progress = sys.stderr
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - a million log lines are half a gigabyte
    from function.handler import handler

    readings = []
    mark = min(1_000, requests)
    for number in range(1, requests + 1):
        event, wanted = events[number % len(events)]
        answer = handler(event, CONTEXT)
        if answer["statusCode"] != wanted:
            raise SystemExit(f"request {number} was answered {answer}, wanted status {wanted}")
        if number % 10_000 == 0:
            print(number, file=progress, flush=True)
        if number == mark:
            readings.append((number, _memory_mb("VmHWM"), _memory_mb("VmRSS")))
            mark = min(mark * 10, requests)
    return readings


def _memory_mb(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return round(float(line.split()[1]) / 1024, 2)
    raise SystemExit(f"/proc/self/status has no {name}; this needs Linux")


def main() -> None:
    """Do what the benchmark asks for and write the result as JSON."""
    parser = argparse.ArgumentParser(description="part of python -m loadtests.bench")
    parser.add_argument("what", choices=("split", "batch", "soak"))
    parser.add_argument("--events", type=Path)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.what == "batch":
        result: Any = _batch(options.rows, options.repeats)
    elif options.what == "soak":
        result = _soak(json.loads(options.events.read_bytes()), options.repeats)
    else:
        result = _split(json.loads(options.events.read_bytes()), options.repeats)
    options.out.write_text(json.dumps(result))


if __name__ == "__main__":
    main()
