"""The conversion itself: load, convert, prove, describe, write. The command line is :mod:`model_conversion.cli`."""

__all__ = ["Outcome", "Request", "run"]

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from function.contract import (
    CONTRACT_FILE,
    CONTRACT_VERSION,
    MODEL_FILE,
    Contract,
    Golden,
    GoldenRow,
    Model,
    WhatIf,
)
from function.errors import NightjarError
from function.predictor import watched
from model_conversion import assembly
from model_conversion.artefact import REPORT_FILE, check_destination, write_artefact
from model_conversion.comparison import Block
from model_conversion.dataset import Dataset, frame_of, load_dataset
from model_conversion.errors import InputError, ParityError, UnsupportedError
from model_conversion.estimators import load_estimator, task_of
from model_conversion.evidence import load_evidence, supported
from model_conversion.golden import synthesise
from model_conversion.parity import Reference, compare, reference
from model_conversion.probes import ProbeSet, probes_for
from model_conversion.proof import prove, questions_for, tolerance_for
from model_conversion.schema import Schema, load_schema
from model_conversion.strategies import Conversion, convert, strategies

LIBRARIES = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime", "numpy")
"""Whose versions the contract names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to convert and where to.

    Attributes:
        model: Estimator file.
        data: Rows to prove on, CSV.
        schema: ``schema.toml``.
        evidence: ``evidence.toml``; None gives a model without advice.
        out: Folder of the artefact.
        trusted: Types that the estimator's file may use beyond the known ones.
        precision: ``auto``, or the name of the only strategy to try.
    """

    model: Path
    data: Path
    schema: Path
    evidence: Path | None
    out: Path
    trusted: tuple[str, ...] = ()
    precision: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A conversion that was proved and written.

    Attributes:
        contract: As written.
        report: As written to ``report.json``; the same for the same inputs.
        seconds: How long it took.
    """

    contract: Contract
    report: dict[str, Any]
    seconds: float


def run(request: Request, progress: Callable[[str], None] | None = None) -> Outcome:
    """Convert an estimator, prove it row by row and write the artefact.

    The cheapest strategy that passes the proof wins; nothing is written unless one does.

    Args:
        request: What and where to.
        progress: Told each step as it starts.

    Raises:
        ParityError: No strategy answers as scikit-learn does; nothing was written.
        InputError: A file or a value in it is wrong.
        UnsupportedError: The estimator cannot be converted.
    """
    started = perf_counter()
    progress = progress or _silent
    check_destination(request.out)
    schema = load_schema(request.schema)
    effects = load_evidence(request.evidence) if request.evidence else ()
    progress("reading the data")
    dataset = load_dataset(request.data, schema)
    progress("loading the estimator")
    estimator = load_estimator(request.model, trusted=request.trusted)
    _check_columns(estimator, schema)
    progress("making probes")
    places = {feature.name: (feature.name, 0) for feature in schema.features}
    features = assembly.features_of(schema, dataset, places)
    probes = probes_for(estimator, features, schema, dataset.rows)
    rows = len(dataset.rows) + sum(map(len, probes.rows.values()))
    progress(f"asking scikit-learn about {rows:,} rows")
    questions = questions_for(estimator, schema, task_of(estimator), dataset, probes)
    tolerance = tolerance_for(questions[0].wanted, estimator, schema)
    attempts: list[dict[str, Any]] = []
    for strategy in strategies(request.precision):
        progress(f"converting with {strategy.name} numbers and proving {rows:,} rows")
        try:
            conversion = convert(estimator, schema, strategy)
            graph = conversion.model.SerializeToString(deterministic=True)
            contract = _draft(
                estimator,
                schema,
                dataset,
                conversion,
                questions[0].wanted,
                supported(schema, effects),
                tolerance,
            )
            blocks = prove(graph, contract, questions)
        except (UnsupportedError, NightjarError) as error:
            attempts.append({"strategy": strategy.name, "error": str(error)})
            continue
        parity = compare(blocks, tolerance)
        attempts.append({"strategy": strategy.name, **parity.to_dict()})
        if parity.passed:
            contract = replace(
                contract, parity=parity.to_dict(), baseline=_baseline(contract, dataset, blocks[0])
            )
            report = _report(request, contract, attempts, probes)
            _write(request.out, graph, contract, report)
            return Outcome(contract=contract, report=report, seconds=perf_counter() - started)
    raise _refusal(attempts)


def _check_columns(estimator: Any, schema: Schema) -> None:
    names = [feature.name for feature in schema.features]
    fitted = getattr(estimator, "feature_names_in_", None)
    if fitted is not None and list(fitted) != names:
        raise InputError(
            f"the schema's features are {names}, the estimator was fitted on {list(fitted)}; list the same columns "
            "in the same order"
        )
    count = getattr(estimator, "n_features_in_", len(names))
    if count != len(names):
        raise InputError(f"the schema has {len(names)} features, the estimator was fitted on {count} columns")


def _silent(step: str) -> None:
    """Show no progress."""


def _draft(
    estimator: Any,
    schema: Schema,
    dataset: Dataset,
    conversion: Conversion,
    wanted: Reference,
    actionable: tuple[WhatIf, ...],
    tolerance: float,
) -> Contract:
    """Return the contract but for what only the proof can tell: ``baseline`` and ``parity``."""
    task = task_of(estimator)
    features = assembly.features_of(schema, dataset, conversion.places)
    outputs = assembly.outputs_of(schema, dataset, estimator, wanted, conversion.model)
    rows = synthesise(features)
    answers = reference(estimator, frame_of(rows, schema), task)
    graph = conversion.model.SerializeToString(deterministic=True)
    sha256 = hashlib.sha256(graph).hexdigest()
    return Contract(
        contract_version=CONTRACT_VERSION,
        model=Model(
            name=schema.name,
            version=assembly.version_of(sha256, features, outputs, actionable),
            task=task,
            created_with={name: version(name) for name in LIBRARIES},
            opset={item.domain or "ai.onnx": item.version for item in conversion.model.opset_import},
            sha256=sha256,
            size_bytes=len(graph),
            precision=conversion.strategy,
        ),
        features=features,
        outputs=outputs,
        actionable=actionable,
        golden=Golden(
            tolerance=tolerance,
            rows=tuple(
                GoldenRow(row=row, label=label, scores=tuple(scores))
                for row, label, scores in zip(rows, answers.labels, answers.scores.tolist(), strict=True)
            ),
        ),
        baseline={},
        parity={},
    )


def _baseline(contract: Contract, dataset: Dataset, data: Block) -> dict[str, Any]:
    scores = [watched(contract, prediction) for prediction in data.seen]
    probabilities = contract.model.task == "classification"
    return assembly.baseline_of(contract.features, dataset, scores, probabilities=probabilities)


def _report(
    request: Request,
    contract: Contract,
    attempts: list[dict[str, Any]],
    probes: ProbeSet,
) -> dict[str, Any]:
    return {
        "model": request.model.name,
        "model_sha256": hashlib.sha256(request.model.read_bytes()).hexdigest(),
        "data": request.data.name,
        "data_sha256": hashlib.sha256(request.data.read_bytes()).hexdigest(),
        "version": contract.model.version,
        "size_bytes": contract.model.size_bytes,
        "features": len(contract.features),
        "advice": len(contract.actionable),
        "golden_rows": len(contract.golden.rows),
        "splits": probes.splits,
        "probed_splits": probes.probed_splits,
        "strategies": attempts,
    }


def _write(folder: Path, graph: bytes, contract: Contract, report: dict[str, Any]) -> None:
    write_artefact(
        folder,
        {
            MODEL_FILE: graph,
            CONTRACT_FILE: _json(contract.to_dict()),
            REPORT_FILE: _json(report),
        },
    )


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _refusal(attempts: list[dict[str, Any]]) -> ParityError | UnsupportedError:
    lines = [
        f"{item['strategy']}: {item['error']}"
        if "error" in item
        else f"{item['strategy']}: {item['label_flips']} of {item['rows']} rows answered with another class, "
        f"largest difference {item['max_abs_error']} (allowed {item['tolerance']:.1e})"
        for item in attempts
    ]
    compared = any("error" not in item for item in attempts)
    kind = ParityError if compared else UnsupportedError
    return kind("ONNX does not answer as scikit-learn does; nothing was written. " + "; ".join(lines))
