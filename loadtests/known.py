"""Real rows with the answers that a right deployment gives to them.

The answers come from the artefact by way of ``function.predictor``, not of the code that renders a response, so
that a response is compared with something it was not made by. The artefact itself is first compared with
scikit-learn's answers, which its contract holds as golden rows.
"""

__all__ = ["Case", "KnownAnswers", "load_known"]

import os
from dataclasses import dataclass
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from function.contract import load_contract
from function.errors import NightjarError, RequestError
from function.ort import LIBRARY_NAME
from function.predictor import Predictor, self_test
from function.validation import Limits, check
from infra.local.rows import RowsError, read_rows
from loadtests.errors import InputError

if TYPE_CHECKING:
    from random import Random

    from function.contract import Contract, Row
    from function.predictor import Prediction

ONE_ROW = Limits(max_instances=1, max_body_bytes=0)

SIZES = range(1, 6)
SIZE_WEIGHTS = (80, 5, 5, 5, 5)
"""Mostly a person asks about themselves; now and then a client sends a few rows together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A row to send and what must come back.

    Attributes:
        place: Where the row is from, as a person finds it; it stands for the row, whose values are not repeated.
        row: As in a request.
        answer: The prediction as the API gives it, without advice: names as in the contract, numbers, and objects
            of numbers.
    """

    place: str
    row: "Row"
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswers:
    """What a load test sends and what it compares the responses with.

    Attributes:
        model: Name of the model.
        version: Version of the model that gave the answers.
        tolerance: Largest absolute difference of a number that still counts as equal.
        refused: Rows of the data that the contract does not accept; they are never sent.
        cases: At least one.
    """

    model: str
    version: str
    tolerance: float
    refused: int
    cases: tuple[Case, ...]

    def draw(self, random: "Random") -> list[Case]:
        """Return the cases of the next request; the same for the same state of ``random``."""
        (size,) = random.choices(SIZES, SIZE_WEIGHTS)
        return random.choices(self.cases, k=size)


def load_known(*, data: Path, artefact: Path) -> KnownAnswers:
    """Read the data and let the artefact answer every row.

    Args:
        data: CSV or Parquet with a column for each feature; an empty cell, a null or a NaN is no answer.
        artefact: Folder with ``contract.json`` and ``model.onnx``.

    Raises:
        InputError: Data or artefact are missing or damaged, do not belong together, or the artefact answers its
            golden rows differently from scikit-learn.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # the library looks at it when it is loaded
    try:
        contract = load_contract(artefact)
        predictor = Predictor.load(artefact, contract, library=_library())
        self_test(predictor)
        rows = list(read_rows(data, contract))
        accepted = [(place, row) for place, row in rows if _is_accepted(row, contract)]
        predictions = predictor.predict([row for _, row in accepted]) if accepted else []
        predictor.close()
    except InputError:
        raise
    except RowsError as error:
        raise InputError(str(error)) from error
    except NightjarError as error:
        raise InputError(f"the artefact in {artefact} is of no use: {error}") from error
    cases = tuple(
        Case(place=f"{data} {place}", row=row, answer=_answer(prediction, contract))
        for (place, row), prediction in zip(accepted, predictions, strict=True)
        if all(map(isfinite, prediction.scores))
    )
    if not cases:
        raise InputError(
            f"{data} has {len(rows)} rows, none of which the model in {artefact} answers; "
            "give the data that the model is of"
        )
    return KnownAnswers(
        model=contract.model.name,
        version=contract.model.version,
        tolerance=contract.golden.tolerance,
        refused=len(rows) - len(cases),
        cases=cases,
    )


def _library() -> Path:
    """Return the folder of onnxruntime's C library, without importing its Python binding."""
    spec = find_spec("onnxruntime")
    for place in spec.submodule_search_locations or () if spec else ():
        if (folder := Path(place, "capi")).joinpath(LIBRARY_NAME).exists():
            return folder
    raise InputError(f"the environment lacks onnxruntime's {LIBRARY_NAME}; run uv sync")


def _is_accepted(row: "Row", contract: "Contract") -> bool:
    try:
        check({"instances": [row]}, contract.features, ONE_ROW)
    except RequestError:
        return False
    return True


def _answer(prediction: "Prediction", contract: "Contract") -> dict[str, Any]:
    outputs = contract.outputs
    scores = dict(zip(outputs.score_names, prediction.scores, strict=True))
    shown = prediction.scores[outputs.positive or 0]
    label = next((target.name for target in outputs.classes if target.value == prediction.label), None)
    match contract.model.task:
        case "classification":
            return {
                "label": label,
                "probability": max(prediction.scores) if outputs.positive is None else shown,
                "base_rate": outputs.base_rate,
                "probabilities": scores,
            }
        case "decision":
            value = max(prediction.scores) if outputs.positive is None else shown
            return {"label": label, "value": value, "values": scores}
        case "regression":
            return {"value": shown} if len(scores) == 1 else {"value": shown, "values": scores}
        case "outlier":
            return {"label": label, "value": shown}
        case "clustering":
            return {"label": label, "distances": scores}
