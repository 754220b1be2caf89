"""Rows in, predictions out: the model behind the contract.

The one path from values to scores. The handler serves through it, conversion proves through it, the self-test
and the load test's known answers come from it.
"""

__all__ = ["Prediction", "Predictor", "self_test", "watched"]

from typing import TYPE_CHECKING, NamedTuple, Self

from function.contract import Contract, read_model
from function.encoding import Encoder
from function.errors import ArtefactError, SelfTestError
from function.ort import LIBRARY_NAME, Session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from function.contract import Row


class Prediction(NamedTuple):
    """The model's answer to one row.

    Attributes:
        label: ``Target.value`` of the class; None for regression.
        scores: In the order of the contract's score names: probabilities, decision values, values, distances.
    """

    label: int | str | None
    scores: tuple[float, ...]


class Predictor:
    """A model ready to answer.

    Args:
        session: The loaded model.
        contract: What it wants and answers.

    Raises:
        ArtefactError: The model lacks an output that the contract names, or inputs disagree.
    """

    def __init__(self, session: Session, contract: Contract) -> None:
        self.contract = contract
        self._session = session
        self._encoder = Encoder(contract.features, session.inputs)
        outputs = contract.outputs
        self._names = [outputs.score] if outputs.label is None else [outputs.score, outputs.label]
        missing = set(self._names) - {info.name for info in session.outputs}
        if missing:
            raise ArtefactError(
                f"the contract names outputs {sorted(missing)}, the model has "
                f"{[info.name for info in session.outputs]}; convert the model again"
            )
        self._width = len(outputs.score_names)

    @classmethod
    def load(cls, folder: "Path", contract: Contract, *, library: "Path") -> Self:
        """Read, verify and load ``model.onnx`` from a folder.

        Args:
            folder: Where the artefact is.
            contract: Its contract, already verified.
            library: Folder of onnxruntime's C library.

        Raises:
            ArtefactError: The model is not the contract's.
            RuntimeLibraryError: onnxruntime cannot be loaded or refuses the model.
        """
        return cls(Session(library / LIBRARY_NAME, read_model(folder, contract)), contract)

    def predict(self, rows: "Sequence[Row]") -> list[Prediction]:
        """Answer rows in one run of the model.

        Args:
            rows: At least one; values by feature name, already valid.

        Returns:
            One prediction per row, in order.

        Raises:
            ArtefactError: The model gave another number of scores than the contract names.
            RuntimeLibraryError: onnxruntime refused the run.
        """
        result = self._session.run(self._encoder.encode(rows), self._names)
        scores = result[0].data
        width = self._width
        if len(scores) != width * len(rows):
            raise ArtefactError(
                f"output {self._names[0]!r} has {len(scores)} values for {len(rows)} rows, wanted {width} a row; "
                "convert the model again"
            )
        labels = result[1].data if len(result) > 1 else [None] * len(rows)
        # One iterator, so that each row takes the next numbers.
        each = zip(*[iter(scores)] * width, strict=True)
        return list(map(Prediction, labels, each))  # type: ignore[arg-type]

    def score(self, prediction: Prediction) -> float:
        """Return the number that is shown, watched and advised on; see :func:`watched`."""
        return watched(self.contract, prediction)

    def close(self) -> None:
        """Release the model."""
        self._session.close()


def watched(contract: Contract, prediction: Prediction) -> float:
    """Return the one number of a prediction that is shown, watched and advised on.

    The positive class's probability or decision value, without a positive class the answered class's; the first
    value of a regression; an outlier detector's decision value; the distance to the nearest cluster.
    """
    if contract.outputs.positive is not None:
        return prediction.scores[contract.outputs.positive]
    return (min if contract.model.task == "clustering" else max)(prediction.scores)


def self_test(predictor: Predictor) -> int:
    """Answer the contract's golden rows and compare with scikit-learn's answers.

    Returns:
        The number of rows compared.

    Raises:
        SelfTestError: A label differs, or a score by more than the tolerance; names rows, never values.
    """
    golden = predictor.contract.golden
    answers = predictor.predict([item.row for item in golden.rows])
    wrong = [
        str(at)
        for at, (wanted, seen) in enumerate(zip(golden.rows, answers, strict=True))
        if seen.label != wanted.label or not _close(wanted.scores, seen.scores, golden.tolerance)
    ]
    if wrong:
        raise SelfTestError(
            f"{len(wrong)} of {len(golden.rows)} golden rows were answered differently from scikit-learn, rows "
            f"{', '.join(wrong[:5])} (tolerance {golden.tolerance:.1e}). Do not serve this build: convert again with "
            "the deployed onnxruntime version"
        )
    return len(golden.rows)


def _close(wanted: "Sequence[float]", seen: "Sequence[float]", tolerance: float) -> bool:
    # Written so that NaN, which compares as false, is never close.
    return all(abs(a - b) <= tolerance for a, b in zip(wanted, seen, strict=True))
