"""Everything that a conversion or a verification knows before the first graph: files read, scikit-learn asked."""

__all__ = ["Material", "Progress", "Request", "check_columns", "gather"]

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from function.contract import WhatIf
from model_conversion import assembly
from model_conversion.dataset import Dataset, load_dataset
from model_conversion.errors import InputError
from model_conversion.estimators import Task, has_columns, load_estimator, task_of
from model_conversion.evidence import load_evidence, supported
from model_conversion.inference import infer_schema
from model_conversion.probes import ProbeSet, probes_for
from model_conversion.proof import Question, questions_for, tolerance_for
from model_conversion.report import InputFile
from model_conversion.schema import Schema, load_schema

type Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to convert or to verify.

    Attributes:
        model: Estimator file.
        data: Rows to prove on, CSV or Parquet.
        schema: ``schema.toml``; None: inferred from the data and the estimator's columns.
        out: Folder of the artefact.
        target: The data's column with the true answer, where there is no schema to name it.
        evidence: ``evidence.toml``; None gives a model without advice.
        trusted: Types that a skops file may use beyond the known ones.
        trust_pickle: Whether a pickle, which runs what it holds, is loaded.
        precision: ``auto``, or the name of the only strategy to try.
    """

    model: Path
    data: Path
    schema: Path | None
    out: Path
    target: str | None = None
    evidence: Path | None = None
    trusted: tuple[str, ...] = ()
    trust_pickle: bool = False
    precision: str = "auto"

    def files(self) -> tuple[InputFile, ...]:
        """Describe the files that were read."""
        roles = {"model": self.model, "data": self.data, "schema": self.schema, "evidence": self.evidence}
        return tuple(InputFile.of(role, path) for role, path in roles.items() if path is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the proof of any graph needs.

    Attributes:
        request: What was asked for.
        started: On the clock of :func:`time.perf_counter`.
        schema: As read.
        dataset: As read.
        estimator: As loaded.
        task: What it answers.
        actionable: What-ifs that the evidence supports.
        probes: Made for it.
        questions: The data and the probes, with scikit-learn's answers.
        tolerance: Largest difference of a score that passes.
    """

    request: Request
    started: float
    schema: Schema
    dataset: Dataset
    estimator: Any
    task: Task
    actionable: tuple[WhatIf, ...]
    probes: ProbeSet
    questions: list[Question]
    tolerance: float

    @property
    def rows(self) -> int:
        """Rows to prove, golden ones and small batches apart."""
        return sum(len(question.rows) for question in self.questions)


def gather(request: Request, progress: Progress) -> Material:
    """Read the files, make the probes and ask scikit-learn.

    Raises:
        InputError: A file or a value in it is wrong, or the files do not belong together.
        UnsupportedError: The estimator has no answers that can be served.
    """
    started = perf_counter()
    effects = load_evidence(request.evidence) if request.evidence else ()
    progress("loading the estimator")
    estimator = load_estimator(request.model, trusted=request.trusted, trust_pickle=request.trust_pickle)
    progress("reading the data")
    if request.schema is None:
        columns = getattr(estimator, "feature_names_in_", None)
        schema = infer_schema(
            request.data, target=request.target, columns=None if columns is None else list(columns)
        )
    else:
        schema = load_schema(request.schema)
    check_columns(estimator, schema)
    dataset = load_dataset(request.data, schema)
    task = task_of(estimator)
    progress("making probes")
    places = {feature.name: (feature.name, 0) for feature in schema.features}
    features = assembly.features_of(schema, dataset, places)
    probes = probes_for(estimator, features, schema, dataset.rows)
    rows = len(dataset.rows) + sum(map(len, probes.rows.values()))
    progress(f"asking scikit-learn about {rows:,} rows")
    questions = questions_for(estimator, schema, task, dataset, probes)
    return Material(
        request=request,
        started=started,
        schema=schema,
        dataset=dataset,
        estimator=estimator,
        task=task,
        actionable=supported(schema, effects),
        probes=probes,
        questions=questions,
        tolerance=tolerance_for(questions[0].wanted, estimator, schema, task),
    )


def check_columns(estimator: Any, schema: Schema) -> None:
    """Refuse a schema that lists other features than the estimator was fitted on.

    Raises:
        InputError: It does.
    """
    names = [feature.name for feature in schema.features]
    if has_columns(estimator, names):
        return
    fitted = getattr(estimator, "feature_names_in_", None)
    if fitted is None:
        raise InputError(
            f"the schema has {len(names)} features, the estimator was fitted on {estimator.n_features_in_} columns"
        )
    raise InputError(
        f"the schema's features are {names}, the estimator was fitted on {list(fitted)}; list the same columns in "
        "the same order"
    )
