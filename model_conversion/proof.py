"""The proof of one graph: every row through the served code, beside scikit-learn's answer."""

__all__ = ["Question", "prove", "questions_for", "tolerance_for"]

from dataclasses import dataclass
from typing import Any

import numpy as np

from function.contract import Contract, Row
from function.ort import Session
from function.predictor import Prediction, Predictor
from model_conversion.comparison import Block, Reference
from model_conversion.dataset import Dataset, frame_of
from model_conversion.estimators import Task
from model_conversion.library import locked_library
from model_conversion.parity import reference, tied
from model_conversion.pipelines import last_step
from model_conversion.probes import ProbeSet
from model_conversion.schema import Schema

TOLERANCE = 1e-6
"""Largest difference of a probability, or of a value relative to the largest one, that passes."""

LOOSE_TOLERANCE = 1e-5
"""The same where there is free text and for :data:`LOOSE_MODULES`, whose sums are long."""

LOOSE_MODULES = ("sklearn.svm", "sklearn.gaussian_process", "sklearn.neighbors", "sklearn.kernel")

BATCH = 1000
"""Rows of one run, as a request may hold."""

SMALL_BATCHES = (1, 2)
"""Other sizes of a run, which take other paths through the library."""

IN_SMALL_BATCHES = 64
"""Rows that are asked again in small batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Rows of one source and scikit-learn's answers to them."""

    source: str
    rows: list[Row]
    wanted: Reference


def questions_for(
    estimator: Any, schema: Schema, task: Task, dataset: Dataset, probes: ProbeSet
) -> list[Question]:
    """Ask scikit-learn about the data and the probes.

    Raises:
        InputError: scikit-learn refuses a row.
        UnsupportedError: The estimator has no answers of a form that can be served.
    """
    sources = {"data": dataset.rows} | {name: rows for name, rows in probes.rows.items() if rows}
    return [
        Question(source=name, rows=rows, wanted=reference(estimator, frame_of(rows, schema), task))
        for name, rows in sources.items()
    ]


def prove(graph: bytes, contract: Contract, questions: list[Question]) -> list[Block]:
    """Answer every question as the function would.

    Args:
        graph: Content of ``model.onnx``.
        contract: Its contract; the golden rows are asked too.
        questions: Rows with scikit-learn's answers, the data first.

    Returns:
        scikit-learn's answers and the function's, by source.

    Raises:
        RuntimeLibraryError: onnxruntime refuses the graph or a run.
        ArtefactError: Graph and contract disagree.
    """
    golden = contract.golden.rows
    kept = Question(
        source="golden",
        rows=[item.row for item in golden],
        wanted=Reference(
            labels=[item.label for item in golden], scores=np.array([item.scores for item in golden])
        ),
    )
    with Session(locked_library(), graph) as session:
        predictor = Predictor(session, contract)
        blocks = [
            _block(contract, question, _answers(predictor, question.rows, BATCH))
            for question in [*questions, kept]
        ]
        first = questions[0]
        few = Question(
            source="batch",
            rows=first.rows[:IN_SMALL_BATCHES],
            wanted=Reference(
                labels=first.wanted.labels[:IN_SMALL_BATCHES], scores=first.wanted.scores[:IN_SMALL_BATCHES]
            ),
        )
        blocks += [_block(contract, few, _answers(predictor, few.rows, size)) for size in SMALL_BATCHES]
    return blocks


def _answers(predictor: Predictor, rows: list[Row], size: int) -> list[Prediction]:
    seen: list[Prediction] = []
    for start in range(0, len(rows), size):
        seen += predictor.predict(rows[start : start + size])
    return seen


def _block(contract: Contract, question: Question, seen: list[Prediction]) -> Block:
    wanted = question.wanted
    ties = tied(wanted, seen) if contract.model.task in {"classification", "decision"} else []
    return Block(source=question.source, wanted=wanted, seen=seen, rows=question.rows, ties=ties)


def tolerance_for(wanted: Reference, estimator: Any, schema: Schema, task: Task) -> float:
    """Return the largest difference that passes.

    1e-6, or 1e-5 where there is free text and for :data:`LOOSE_MODULES`; what is no probability has that much of its
    largest absolute value.
    """
    final = last_step(estimator)
    loose = type(final).__module__.startswith(LOOSE_MODULES) or any(
        feature.kind == "text" for feature in schema.features
    )
    tolerance = LOOSE_TOLERANCE if loose else TOLERANCE
    if task == "classification":
        return tolerance
    return tolerance * max(1.0, float(np.nanmax(np.abs(wanted.scores))))
