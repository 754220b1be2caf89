"""The conversion itself: load, convert, prove, describe, write. The command line is :mod:`model_conversion.cli`."""

__all__ = ["Proved", "convert_model", "draft", "search", "verify_artefact"]

import hashlib
import json
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import onnx

from function.contract import (
    CONTRACT_FILE,
    CONTRACT_VERSION,
    MODEL_FILE,
    Contract,
    Golden,
    GoldenRow,
    Model,
    load_contract,
    read_model,
)
from function.errors import ArtefactError, NightjarError
from function.predictor import watched
from model_conversion import assembly
from model_conversion.alternatives import alternative_for
from model_conversion.artefact import PAGE_FILE, REPORT_FILE, check_destination, write_artefact
from model_conversion.comparison import Comparison
from model_conversion.dataset import frame_of
from model_conversion.errors import InputError, ParityError, UnsupportedError
from model_conversion.golden import synthesise
from model_conversion.graphs import DEFAULT, GraphFacts, Graphs
from model_conversion.material import Material, Progress, Request, gather
from model_conversion.measure import measure
from model_conversion.packed import serialised
from model_conversion.page import render
from model_conversion.parity import judge, reference, ties_allowed
from model_conversion.proof import prove
from model_conversion.report import Attempt, Report
from model_conversion.strategies import Conversion, convert, strategies

LIBRARIES = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime", "numpy")
"""Whose versions the contract names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A graph that passed the proof.

    Attributes:
        graph: Content of ``model.onnx``.
        contract: Its contract, complete.
        attempts: Strategies in the order tried; the last passed.
        comparison: All rows of that one.
        default: The graph that the library makes by itself; None if it makes none.
    """

    graph: bytes
    contract: Contract
    attempts: tuple[Attempt, ...]
    comparison: Comparison
    default: bytes | None


def convert_model(request: Request, progress: Progress | None = None) -> Report:
    """Convert an estimator, prove it row by row and write the artefact; nothing is written unless it is proved.

    Args:
        request: What and where to.
        progress: Told each step as it starts.

    Raises:
        ParityError: No strategy answers as scikit-learn does; nothing was written.
        InputError: A file or a value in it is wrong.
        UnsupportedError: The estimator cannot be converted.
    """
    progress = progress or _silent
    check_destination(request.out)
    material = gather(request, progress)
    proved = search(material, progress)
    progress("measuring and writing the report")
    report = _report(
        material, proved.contract, proved.graph, proved.attempts, proved.comparison, default=proved.default
    )
    _write(request.out, proved.graph, proved.contract, report)
    return report


def search(material: Material, progress: Progress) -> Proved:
    """Return the graph of the cheapest strategy that passes the proof.

    Raises:
        ParityError: None does.
        UnsupportedError: None can be tried.
    """
    attempts: list[Attempt] = []
    models: dict[str, onnx.ModelProto] = {}
    for strategy in strategies(material.request.precision, material.estimator):
        progress(f"converting with {strategy.name} numbers and proving {material.rows:,} rows")
        try:
            conversion = convert(material.estimator, material.schema, strategy)
            graph = serialised(conversion.model)
            models[strategy.name] = conversion.model
            contract = draft(material, conversion, graph)
            blocks = prove(graph, contract, material.questions)
        except (UnsupportedError, NightjarError) as error:
            attempts.append(Attempt(strategy=strategy.name, passed=False, error=str(error)))
            continue
        comparison = Comparison.of(blocks)
        attempts.append(judge(strategy.name, comparison, material.tolerance))
        if attempts[-1].passed:
            scores = [watched(contract, prediction) for prediction in blocks[0].seen]
            baseline = assembly.baseline_of(
                contract.features,
                material.dataset,
                scores,
                probabilities=material.task == "classification",
            )
            contract = replace(contract, parity=_parity(attempts[-1], comparison), baseline=baseline)
            return Proved(
                graph=graph,
                contract=contract,
                attempts=tuple(attempts),
                comparison=comparison,
                default=_default(material, models.get(DEFAULT)),
            )
    raise _refusal(attempts, material.estimator)


def _default(material: Material, made: onnx.ModelProto | None) -> bytes | None:
    """Return the graph that the library makes by itself, as it writes it; None if it makes none.

    Args:
        material: Of which it is made.
        made: The model, if that was tried.
    """
    if made is None:
        (strategy,) = strategies(DEFAULT, material.estimator)
        try:
            made = convert(material.estimator, material.schema, strategy).model
        except UnsupportedError:
            return None
    graph: bytes = made.SerializeToString(deterministic=True)
    return graph


def verify_artefact(request: Request, progress: Progress | None = None) -> Report:
    """Prove an existing artefact again, perhaps on other data; nothing is written.

    Args:
        request: ``out`` is the artefact's folder.
        progress: Told each step as it starts.

    Raises:
        ParityError: It does not answer as scikit-learn does.
        InputError: A file or a value in it is wrong, or the artefact is missing or damaged.
        UnsupportedError: The estimator has no answers that can be compared.
    """
    progress = progress or _silent
    try:
        contract = load_contract(request.out)
        graph = read_model(request.out, contract)
    except ArtefactError as error:
        raise InputError(str(error)) from error
    material = gather(request, progress)
    progress(f"proving {material.rows:,} rows")
    try:
        comparison = Comparison.of(prove(graph, contract, material.questions))
    except NightjarError as error:
        raise ParityError(f"{request.out} cannot answer the rows: {error}") from error
    attempt = judge(contract.model.precision, comparison, material.tolerance)
    if not attempt.passed:
        raise _refusal([attempt], material.estimator)
    return _report(material, contract, graph, (attempt,), comparison)


def _silent(step: str) -> None:
    """Show no progress."""


def draft(material: Material, conversion: Conversion, graph: bytes) -> Contract:
    """Return the contract but for what only the proof can tell: ``baseline`` and ``parity``.

    Raises:
        UnsupportedError: scikit-learn answers a row of ordinary values with no number.
    """
    schema, dataset, estimator = material.schema, material.dataset, material.estimator
    features = assembly.features_of(schema, dataset, conversion.places)
    wanted = material.questions[0].wanted
    outputs = assembly.outputs_of(schema, dataset, estimator, wanted, conversion.model)
    rows = synthesise(features)
    answers = reference(estimator, frame_of(rows, schema), material.task)
    for answer in answers.scores.ravel()[~np.isfinite(answers.scores.ravel())][:1].tolist():
        raise UnsupportedError(
            f"scikit-learn answers a row of ordinary values with {answer}, which neither a contract "
            "nor JSON can hold; fit an estimator that answers every row with a number"
        )
    sha256 = hashlib.sha256(graph).hexdigest()
    return Contract(
        contract_version=CONTRACT_VERSION,
        model=Model(
            name=schema.name,
            version=assembly.version_of(sha256, features, outputs, material.actionable),
            task=material.task,
            created_with={name: version(name) for name in LIBRARIES},
            opset={item.domain or "ai.onnx": item.version for item in conversion.model.opset_import},
            sha256=sha256,
            size_bytes=len(graph),
            precision=conversion.strategy,
        ),
        features=features,
        outputs=outputs,
        actionable=material.actionable,
        golden=Golden(
            tolerance=material.tolerance,
            rows=tuple(
                GoldenRow(row=row, label=label, scores=tuple(scores))
                for row, label, scores in zip(rows, answers.labels, answers.scores.tolist(), strict=True)
            ),
        ),
        baseline={},
        parity={},
    )


def _parity(attempt: Attempt, comparison: Comparison) -> dict[str, Any]:
    return {
        "rows": attempt.rows,
        "sources": comparison.counts(),
        "label_flips": attempt.flips,
        "ties": attempt.ties,
        "max_abs_error": attempt.max_abs_error,
        "mean_abs_error": comparison.mean_abs_error,
        "tolerance": attempt.tolerance,
        "passed": attempt.passed,
    }


def _report(
    material: Material,
    contract: Contract,
    graph: bytes,
    attempts: tuple[Attempt, ...],
    comparison: Comparison,
    *,
    default: bytes | None = None,
) -> Report:
    rows = material.dataset.rows
    frame = frame_of(rows, material.schema)
    return Report(
        contract=contract,
        inputs=material.request.files(),
        attempts=attempts,
        comparison=comparison,
        tolerance=material.tolerance,
        ties_allowed=ties_allowed(comparison),
        splits=material.probes.splits,
        probed_splits=material.probes.probed_splits,
        graphs=Graphs(
            default=None if default is None else GraphFacts.of(DEFAULT, default),
            written=GraphFacts.of(contract.model.precision, graph),
        ),
        timings=measure(graph, rows, contract, material.estimator, frame, default=default),
        seconds=perf_counter() - material.started,
    )


def _write(folder: Path, graph: bytes, contract: Contract, report: Report) -> None:
    write_artefact(
        folder,
        {
            MODEL_FILE: graph,
            CONTRACT_FILE: _json(contract.to_dict()),
            REPORT_FILE: _json(report.to_json()),
            PAGE_FILE: render(report).encode(),
        },
    )


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _refusal(attempts: list[Attempt], estimator: Any) -> ParityError | UnsupportedError:
    """Return the exception that says what each strategy found, and what to fit instead if that is known."""
    tried: dict[str, list[str]] = {}
    for attempt in attempts:
        tried.setdefault(attempt.finding, []).append(attempt.strategy)
    found = "; ".join(f"{' and '.join(names)}: {finding}" for finding, names in tried.items())
    instead = alternative_for(estimator)
    found += f". {instead[0].upper()}{instead[1:]}" if instead else ""
    if all(attempt.error for attempt in attempts):
        return UnsupportedError(f"the estimator cannot be converted; nothing was written. {found}")
    allowed = next(attempt.tolerance for attempt in attempts if not attempt.error)
    return ParityError(
        f"ONNX does not answer as scikit-learn does (a difference of {allowed:.1e} is allowed, another class is "
        f"not); nothing was written. {found}"
    )
