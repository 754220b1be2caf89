"""``POST /predictions``: named features in, plain names and advice out."""

__all__ = ["Facts", "Predictions", "refuse_non_finite"]

from math import isfinite, nan
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from function.advice import Advice, Adviser
from function.errors import Problem, RequestError
from function.validation import Limits, check, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from function.predictor import Prediction, Predictor


class Facts(NamedTuple):
    """What log and metrics may know of a request: counts and scores, never a feature value.

    Attributes:
        scores: What is watched of each row, see :meth:`function.predictor.Predictor.score`.
        classes: Class or cluster name → rows answered with it; empty for regression.
        nulls: Null or absent answers.
        outside: Answers beyond range or categories that were let pass.
        advice: Pieces of advice given.
        infer_ms: Time in the model, advice variants included.
    """

    scores: list[float]
    classes: dict[str, int]
    nulls: int
    outside: int
    advice: int
    infer_ms: float


class Predictions:
    """Answers the friendly API.

    Args:
        predictor: The loaded model.
        limits: How much one request may ask.
    """

    def __init__(self, predictor: "Predictor", limits: Limits) -> None:
        contract = predictor.contract
        self._predictor = predictor
        self._limits = limits
        self._features = contract.features
        self._adviser = Adviser(contract)
        self._model = {"name": contract.model.name, "version": contract.model.version}
        self._task = contract.model.task
        self._score_names = contract.outputs.score_names
        self._names: dict[int | str | None, str] = {
            target.value: target.name for target in contract.outputs.classes
        }
        self._base_rate = contract.outputs.base_rate

    def answer(self, body: bytes) -> tuple[dict[str, Any], Facts]:
        """Answer a request body.

        Returns:
            The response document, and what may be logged of it.

        Raises:
            RequestError: The body is not acceptable.
        """
        checked = check(parse_json(body, self._limits), self._features, self._limits)
        rows = checked.rows
        variants, origins = self._adviser.variants(rows)
        start = perf_counter()
        predictions = self._predictor.predict(rows + variants)
        infer_ms = (perf_counter() - start) * 1e3
        score = self._predictor.score
        refuse_non_finite(predictions[: len(rows)], _instance)
        scores = [score(prediction) for prediction in predictions]
        # NaN is never better: an alternative that the model cannot answer is no advice.
        changed = [item if isfinite(item) else nan for item in scores[len(rows) :]]
        advice = self._adviser.choose(scores[: len(rows)], origins, changed)
        answers = [
            self._render(*item) for item in zip(predictions[: len(rows)], scores, advice, strict=False)
        ]
        classes: dict[str, int] = {}
        for answer in answers:
            if "label" in answer:
                classes[answer["label"]] = classes.get(answer["label"], 0) + 1
        facts = Facts(
            scores[: len(rows)], classes, checked.nulls, checked.outside, sum(map(len, advice)), infer_ms
        )
        return {"model": self._model, "predictions": answers}, facts

    def _render(self, prediction: "Prediction", score: float, advice: list[Advice]) -> dict[str, Any]:
        key = "value"
        scores = dict(zip(self._score_names, prediction.scores, strict=True))
        answer: dict[str, Any]
        match self._task:
            case "classification":
                key = "probability"
                answer = {
                    "label": self._names[prediction.label],
                    "probability": score,
                    "base_rate": self._base_rate,
                    "probabilities": scores,
                }
            case "decision":
                answer = {"label": self._names[prediction.label], "value": score, "values": scores}
            case "regression":
                answer = {"value": score} if len(scores) == 1 else {"value": score, "values": scores}
            case "outlier":
                answer = {"label": self._names[prediction.label], "value": score}
            case _:
                answer = {"label": self._names[prediction.label], "distances": scores}
        answer["advice"] = [
            {"feature": a.feature, "from": a.present, "to": a.to, key: a.score, "text": a.text}
            for a in advice
        ]
        return answer


def refuse_non_finite(predictions: "Sequence[Prediction]", place: "Callable[[int, None], str]") -> None:
    """Insist on answers that JSON can carry.

    Args:
        predictions: One a row.
        place: Names a row as the client wrote it.

    Raises:
        RequestError: 422, the model's answer to a row holds NaN or infinity.
    """
    problems = tuple(
        Problem(place(at, None), "the model's answer is not a finite number; check its values")
        for at, prediction in enumerate(predictions)
        if not all(map(isfinite, prediction.scores))
    )
    if problems:
        raise RequestError(422, "The model has no answer to these values", problems[:20])


def _instance(at: int, _: None) -> str:
    return f"#/instances/{at}"
