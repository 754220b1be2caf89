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

import numpy as np

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
from function.ort import Session
from function.predictor import Prediction, Predictor
from model_conversion import assembly
from model_conversion.artefact import REPORT_FILE, check_destination, write_artefact
from model_conversion.dataset import Dataset, frame_of, load_dataset
from model_conversion.errors import InputError, ParityError, UnsupportedError
from model_conversion.estimators import load_estimator, task_of
from model_conversion.evidence import load_evidence, supported
from model_conversion.golden import synthesise
from model_conversion.library import locked_library
from model_conversion.parity import ParityReport, Reference, compare, reference
from model_conversion.schema import Schema, load_schema
from model_conversion.strategies import STRATEGIES, Conversion, convert

TOLERANCE = 1e-6
"""Largest difference of a probability, or of a value relative to the largest one, that passes."""

LIBRARIES = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime", "numpy")
"""Whose versions the contract names."""

BATCH = 1000
"""Rows proved in one run, as a request may hold."""


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
    """

    model: Path
    data: Path
    schema: Path
    evidence: Path | None
    out: Path
    trusted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A conversion that was proved and written.

    Attributes:
        contract: As written.
        report: As written to ``report.json``.
    """

    contract: Contract
    report: dict[str, Any]


def run(request: Request, progress: Callable[[str], None] | None = None) -> Outcome:
    """Convert an estimator, prove it row by row and write the artefact.

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
    progress(f"asking scikit-learn about {len(dataset.rows)} rows")
    _check_columns(estimator, schema)
    wanted = reference(estimator, frame_of(dataset.rows, schema), task_of(estimator))
    attempts: list[dict[str, Any]] = []
    for strategy in STRATEGIES:
        progress(f"converting with {strategy.name} numbers, proving {len(dataset.rows)} rows")
        try:
            conversion = convert(estimator, schema, strategy)
            contract = _draft(estimator, schema, dataset, conversion, supported(schema, effects))
            parity, scores = _prove(conversion, contract, dataset, wanted)
        except (UnsupportedError, NightjarError) as error:
            attempts.append({"strategy": strategy.name, "error": str(error)})
            continue
        attempts.append({"strategy": strategy.name, **parity.to_dict()})
        if parity.passed:
            baseline = assembly.baseline_of(contract.features, dataset, scores, contract.outputs)
            contract = replace(
                contract, parity=parity.to_dict() | {"data_rows": len(dataset.rows)}, baseline=baseline
            )
            report = _report(request, contract, attempts, perf_counter() - started)
            _write(request.out, conversion, contract, report)
            return Outcome(contract=contract, report=report)
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
    actionable: tuple[WhatIf, ...],
) -> Contract:
    """Return the contract but for what only the proof can tell: ``baseline`` and ``parity``."""
    task = task_of(estimator)
    features = assembly.features_of(schema, dataset, conversion.places)
    outputs = assembly.outputs_of(schema, dataset, estimator, conversion.model)
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
            tolerance=tolerance_for(answers),
            rows=tuple(
                GoldenRow(row=row, label=label, scores=tuple(scores))
                for row, label, scores in zip(rows, answers.labels, answers.scores.tolist(), strict=True)
            ),
        ),
        baseline={},
        parity={},
    )


def _prove(
    conversion: Conversion, contract: Contract, dataset: Dataset, wanted: Reference
) -> tuple[ParityReport, list[float]]:
    """Answer every data row and golden row as the function would, and compare; return also the data's scores."""
    graph = conversion.model.SerializeToString(deterministic=True)
    golden = contract.golden.rows
    rows = dataset.rows + [item.row for item in golden]
    wanted += Reference(
        labels=[item.label for item in golden], scores=np.array([item.scores for item in golden])
    )
    seen: list[Prediction] = []
    with Session(locked_library(), graph) as session:
        predictor = Predictor(session, contract)
        for start in range(0, len(rows), BATCH):
            seen += predictor.predict(rows[start : start + BATCH])
        scores = [predictor.score(prediction) for prediction in seen[: len(dataset.rows)]]
    return compare(wanted, seen, tolerance_for(wanted)), scores


def tolerance_for(wanted: Reference) -> float:
    """Return the largest difference that passes: 1e-6, for a regression of the largest absolute value."""
    if wanted.labels and wanted.labels[0] is not None:
        return TOLERANCE
    return TOLERANCE * max(1.0, float(np.nanmax(np.abs(wanted.scores))))


def _report(
    request: Request, contract: Contract, attempts: list[dict[str, Any]], seconds: float
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
        "strategies": attempts,
        "seconds": round(seconds, 3),
    }


def _write(folder: Path, conversion: Conversion, contract: Contract, report: dict[str, Any]) -> None:
    write_artefact(
        folder,
        {
            MODEL_FILE: conversion.model.SerializeToString(deterministic=True),
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
