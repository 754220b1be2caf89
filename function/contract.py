"""The contract between conversion and everything that serves, tests, plots or audits the model.

``contract.json`` travels beside ``model.onnx``. It is owned here, by its consumer, and needs the standard
library alone; conversion imports this module to write it. A client, a dashboard and a load test need
nothing else to know what the model wants and what it answers.
"""

__all__ = [
    "CONTRACT_FILE",
    "CONTRACT_VERSION",
    "MODEL_FILE",
    "Contract",
    "Feature",
    "Golden",
    "GoldenRow",
    "Kind",
    "Model",
    "Outputs",
    "Row",
    "Target",
    "Value",
    "WhatIf",
    "load_contract",
    "read_model",
]

import hashlib
import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, Self

from function.errors import ArtefactError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONTRACT_VERSION = 1
CONTRACT_FILE = "contract.json"
MODEL_FILE = "model.onnx"

type Value = float | int | bool | str | None
type Row = dict[str, Value]
type Kind = Literal["number", "integer", "boolean", "category", "text"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Model:
    """What was converted, and how to recognise it.

    Attributes:
        name: The model's name in the API, ``[a-z0-9-]+``.
        version: First 12 hex digits of the SHA-256 over the graph and this contract's meaning.
        task: What kind of answer the model gives.
        created_with: Library name → version that fitted and converted the model.
        opset: Operator set per ONNX domain; the default domain is ``ai.onnx``.
        sha256: Of ``model.onnx``, lower-case hex.
        size_bytes: Of ``model.onnx``.
        precision: The conversion strategy that passed the proof.
    """

    name: str
    version: str
    task: Literal["classification", "decision", "regression", "outlier", "clustering"]
    created_with: dict[str, str]
    opset: dict[str, int]
    sha256: str
    size_bytes: int
    precision: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Feature:
    """One question that a request answers.

    Attributes:
        name: The key in a request's row.
        kind: What a JSON value must be: ``number`` and ``integer`` are JSON numbers, ``boolean`` is
            ``true``/``false``, ``category`` and ``text`` are strings.
        onnx_input: The model input that carries it.
        column: Its column within that input.
        question: What a person is asked.
        unit: Unit of a number, or None.
        required: Whether the key must be present; an absent optional key means null.
        nullable: Whether JSON null is an answer.
        null_token: The string that stands for null in a string input; numbers use NaN.
        minimum: Smallest accepted or observed number, in ``unit``; None for strings and booleans.
        maximum: Largest accepted or observed number, in ``unit``; None for strings and booleans.
        categories: The known answers of a ``category``, in a sensible order.
        outside: What to do with a number beyond the range or a category not in the list: ``reject`` the
            request, or ``warn`` (answer, and count it in the log).
        example: A valid answer.
    """

    name: str
    kind: Kind
    onnx_input: str
    column: int
    question: str
    unit: str | None
    required: bool
    nullable: bool
    null_token: str | None
    minimum: float | None
    maximum: float | None
    categories: tuple[str, ...]
    outside: Literal["reject", "warn"]
    example: Value

    @property
    def numeric(self) -> bool:
        """Whether an answer is a JSON number."""
        return self.kind in {"number", "integer"}

    def admits(self, number: float) -> bool:
        """Tell whether a request may hold a number."""
        if self.outside == "warn" or self.minimum is None or self.maximum is None:
            return True
        return self.minimum <= number <= self.maximum


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Target:
    """One class that the model can answer.

    Attributes:
        value: What the estimator calls it (``estimator.classes_``).
        name: What the API calls it.
    """

    value: int | str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Outputs:
    """What the model answers and what a good answer is.

    Attributes:
        question: What is predicted, in words.
        unit: Unit of a regression value, or None.
        label: ONNX output with the class or cluster, ``(rows,)`` int64 or string; None for regression.
        score: ONNX output with the scores, ``(rows,)`` or ``(rows, score_names)``, float or double:
            probabilities, decision values, values, an outlier detector's decision value or the distances to the
            clusters.
        score_names: What each column of the scores is called in the API: class names, target names, ``score``.
        classes: What a label can be, in the order of the probabilities; empty for regression.
        positive: Index of the score that is shown, watched and advised on; None: the answered class's.
        base_rate: Share of the positive class in the training data, or the mean of a regression target.
        threshold: Probability, or decision value, from which a binary model answers with the positive class; None
            otherwise.
        better: Whether advice should raise or lower the positive probability (or the value); None: no advice.
    """

    question: str
    unit: str | None
    label: str | None
    score: str
    score_names: tuple[str, ...]
    classes: tuple[Target, ...]
    positive: int | None
    base_rate: float | None
    threshold: float | None
    better: Literal["higher", "lower"] | None

    @classmethod
    def from_dict(cls, raw: "Mapping[str, Any]") -> Self:
        """Build from parsed JSON."""
        classes = tuple(Target(**item) for item in raw["classes"])
        return cls(**{**raw, "classes": classes, "score_names": tuple(raw["score_names"])})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WhatIf:
    """One answer that could change, with the evidence for it.

    Attributes:
        feature: The feature that changes.
        values: Present answers that it applies to; empty when a range applies.
        low: Smallest present number it applies to, in the feature's unit, inclusive.
        high: Largest present number it applies to, inclusive.
        to: The changed answer.
        effect: Mean change of the score in the training data.
        interval: Bootstrap interval of ``effect``, of 95 % unless measured otherwise; it lies wholly on the better
            side of zero.
        text: The sentence to say; it claims association, not cause.
    """

    feature: str
    values: tuple[Value, ...]
    low: float | None
    high: float | None
    to: Value
    effect: float
    interval: tuple[float, float]
    text: str

    def applies_to(self, value: Value) -> bool:
        """Tell whether a present answer is one that this what-if starts from (null never is)."""
        if self.low is None or self.high is None:
            return value is not None and value in self.values
        return isinstance(value, int | float) and self.low <= value <= self.high

    @classmethod
    def from_dict(cls, raw: "Mapping[str, Any]") -> Self:
        """Build from parsed JSON."""
        low, high = raw["interval"]
        return cls(**{**raw, "values": tuple(raw["values"]), "interval": (low, high)})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class GoldenRow:
    """A synthetic request row and scikit-learn's answer to it.

    Attributes:
        row: As in a request.
        label: ``Target.value`` of the answer; None for regression.
        scores: In the order of the contract's score names.
    """

    row: Row
    label: int | str | None
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Golden:
    """The rows that a deployment must answer before it serves.

    Attributes:
        tolerance: Largest absolute difference of a score that still counts as equal.
        rows: Synthesised from ranges and categories; never a person's own row.
    """

    tolerance: float
    rows: tuple[GoldenRow, ...]

    @classmethod
    def from_dict(cls, raw: "Mapping[str, Any]") -> Self:
        """Build from parsed JSON."""
        rows = tuple(
            GoldenRow(row=r["row"], label=r["label"], scores=tuple(r["scores"])) for r in raw["rows"]
        )
        return cls(tolerance=raw["tolerance"], rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Contract:
    """Everything a client, a dashboard, a load test and an auditor need to know about the model.

    Attributes:
        contract_version: Version of this format.
        model: The model's identity.
        features: In the order of the training columns.
        outputs: What it answers.
        actionable: What-ifs that the evidence supports; empty without evidence.
        golden: The self-test.
        baseline: Histograms of the training data, per feature and of the score (``edges`` and ``counts``, or
            ``categories`` and ``counts``, and ``nulls``); what drift is measured against.
        parity: Summary of the proof that ONNX answers as scikit-learn does.
    """

    contract_version: int
    model: Model
    features: tuple[Feature, ...]
    outputs: Outputs
    actionable: tuple[WhatIf, ...]
    golden: Golden
    baseline: dict[str, Any]
    parity: dict[str, Any]

    @classmethod
    def from_dict(cls, raw: "Mapping[str, Any]") -> Self:
        """Build from parsed JSON.

        Raises:
            ArtefactError: A key is missing, unknown or of the wrong type, or the version is another one.
        """
        version = raw.get("contract_version")
        if version != CONTRACT_VERSION:
            raise ArtefactError(
                f"contract_version is {version!r}, wanted {CONTRACT_VERSION}; convert the model again"
            )
        try:
            return cls(
                contract_version=version,
                model=Model(**raw["model"]),
                features=tuple(
                    Feature(**{**item, "categories": tuple(item["categories"])}) for item in raw["features"]
                ),
                outputs=Outputs.from_dict(raw["outputs"]),
                actionable=tuple(WhatIf.from_dict(item) for item in raw["actionable"]),
                golden=Golden.from_dict(raw["golden"]),
                baseline=raw["baseline"],
                parity=raw["parity"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ArtefactError(
                f"contract.json does not have the shape of version {CONTRACT_VERSION}: "
                f"{type(error).__name__}: {error}; convert the model again"
            ) from error

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`from_dict` reads: plain dicts, lists, strings, numbers."""
        plain: dict[str, Any] = _plain(self)
        return plain


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def load_contract(folder: "Path", *, sha256: str | None = None) -> Contract:
    """Read ``contract.json`` from a folder.

    Args:
        folder: Where the artefact is.
        sha256: What the file must hash to, lower-case hex; None trusts the file (conversion, tests).

    Raises:
        ArtefactError: The file is missing, is not the deployed one, or is malformed.
    """
    raw = _read(folder / CONTRACT_FILE)
    if sha256 is not None:
        _compare(CONTRACT_FILE, raw, wanted=sha256, owner="the deployment")
    try:
        parsed = json.loads(raw)
    except ValueError as error:
        raise ArtefactError(f"{CONTRACT_FILE} is not JSON: {error}; convert the model again") from error
    if not isinstance(parsed, dict):
        raise ArtefactError(f"{CONTRACT_FILE} holds a {type(parsed).__name__}, not an object; convert again")
    return Contract.from_dict(parsed)


def read_model(folder: "Path", contract: Contract) -> bytes:
    """Read ``model.onnx`` from a folder and check it against the contract.

    Raises:
        ArtefactError: The file is missing or is not the one that the contract describes.
    """
    raw = _read(folder / MODEL_FILE)
    _compare(MODEL_FILE, raw, wanted=contract.model.sha256, owner=CONTRACT_FILE)
    return raw


def _read(path: "Path") -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtefactError(
            f"cannot read {path}: {error.strerror}; convert the model and bundle it again"
        ) from error


def _compare(name: str, raw: bytes, *, wanted: str, owner: str) -> None:
    seen = hashlib.sha256(raw).hexdigest()
    if seen != wanted:
        raise ArtefactError(
            f"{name} has SHA-256 {seen}, {owner} wants {wanted}: it was damaged or replaced; "
            "convert and deploy again"
        )
