"""The Open Inference Protocol v2 over HTTP, so that clients of model servers need no adapter.

A feature is an input tensor of its name, ``[rows]`` or ``[rows, 1]``; rows are checked against the contract and
answered by the model exactly as those of ``POST /predictions`` are. The binary tensor extension is spoken in
both directions, since public clients use it unless told otherwise.

The protocol has no word for a missing answer. Here it is JSON null, NaN in a floating-point tensor, an empty
element for a category, and a tensor that is left out for a feature that is not required. Integers and booleans
may come as floating-point tensors, so that theirs can be missing too.

Only requests under ``/v2`` import this module.

Source: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

__all__ = ["SERVER_VERSION", "Protocol", "inputs_of", "outputs_of"]

from time import perf_counter
from typing import TYPE_CHECKING, Any

from function.errors import Problem, RequestError
from function.oip_request import ACCEPTED, Reader
from function.predictions import Facts, refuse_non_finite
from function.tensors import to_bytes
from function.validation import Problems, check_rows
from function.wording import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from function.contract import Contract
    from function.oip_request import Asked
    from function.predictor import Prediction, Predictor
    from function.validation import Limits

SERVER_VERSION = "0.1.0"
"""The project's version."""

PLATFORM = "onnx_onnxv1"
EXTENSION = "binary_tensor_data"


def inputs_of(contract: "Contract") -> list[dict[str, Any]]:
    """Return the metadata of the input tensors."""
    return [
        {"name": feature.name, "datatype": ACCEPTED[feature.kind][0], "shape": [-1, 1]}
        for feature in contract.features
    ]


def outputs_of(contract: "Contract") -> list[dict[str, Any]]:
    """Return the metadata of the output tensors: what ``POST /predictions`` answers, without advice.

    The columns of a wide output are named in its parameter ``columns``, a JSON array in a string.
    """
    names = contract.outputs.score_names
    wide = {"datatype": "FP64", "shape": [-1, len(names)], "parameters": {"columns": _quoted(names)}}
    label = {"name": "label", "datatype": "BYTES", "shape": [-1, 1]}
    match contract.model.task:
        case "classification":
            probability = {"name": "probability", "datatype": "FP64", "shape": [-1, 1]}
            return [label, probability, {"name": "probabilities", **wide}]
        case "decision":
            value = {"name": "value", "datatype": "FP64", "shape": [-1, 1]}
            return [label, value, {"name": "values", **wide}]
        case "regression":
            value = {"name": "value", "datatype": "FP64", "shape": [-1, 1]}
            return [value, {"name": "values", **wide}] if len(names) > 1 else [value]
        case "outlier":
            return [label, {"name": "value", "datatype": "FP64", "shape": [-1, 1]}]
        case _:
            return [label, {"name": "distances", **wide}]


def _quoted(names: "Sequence[str]") -> str:
    import json

    return json.dumps(names)


class Protocol:
    """Answers the protocol's requests.

    Args:
        predictor: The loaded model.
        limits: How much one request may ask.
    """

    def __init__(self, predictor: "Predictor", limits: "Limits") -> None:
        self._predictor = predictor
        self._contract = contract = predictor.contract
        self._outputs = {output["name"]: output for output in outputs_of(contract)}
        self._reader = Reader(contract.features, tuple(self._outputs), limits)
        self._names = {target.value: target.name for target in contract.outputs.classes}

    def server(self) -> dict[str, Any]:
        """Return the server's metadata."""
        return {"name": "nightjar", "version": SERVER_VERSION, "extensions": [EXTENSION]}

    def require_model(self, name: str, version: str | None = None) -> None:
        """Insist on the model that is served.

        Raises:
            RequestError: 404, it is another one.
        """
        model = self._contract.model
        for seen, known, what in ((name, model.name, "model"), (version, model.version, "version")):
            if seen not in {None, known}:
                detail = f"{what} is {shown(str(seen))}, wanted {shown(known)}"
                raise RequestError(404, f"There is no such {what}", (Problem("#", detail),))

    def ready(self) -> dict[str, Any]:
        """Return the model's readiness: before it is ready, there is nobody to ask."""
        return {"name": self._contract.model.name, "ready": True}

    def metadata(self) -> dict[str, Any]:
        """Return the model's metadata."""
        return {
            "name": self._contract.model.name,
            "versions": [self._contract.model.version],
            "platform": PLATFORM,
            "inputs": inputs_of(self._contract),
            "outputs": list(self._outputs.values()),
        }

    def infer(self, headers: "Mapping[str, str]", body: bytes) -> tuple[dict[str, Any], bytes, Facts]:
        """Answer an inference request.

        Args:
            headers: Of the request, lower-case names.
            body: Of the request: JSON, and after it what the JSON says is binary.

        Returns:
            The response document, the binary tensors that follow it, and what may be logged.

        Raises:
            RequestError: The request is not acceptable.
        """
        asked = self._reader.read(headers, body)
        names = list(asked.columns)
        instances = [dict(zip(names, row, strict=True)) for row in zip(*asked.columns.values(), strict=True)]
        checked = check_rows(instances, self._contract.features, Problems(), _place)
        start = perf_counter()
        predictions = self._predictor.predict(checked.rows)
        infer_ms = (perf_counter() - start) * 1e3
        refuse_non_finite(predictions, _place)
        scores = [self._predictor.score(prediction) for prediction in predictions]
        classes: dict[str, int] = {}
        for prediction in predictions:
            if prediction.label is not None:
                name = self._names[prediction.label]
                classes[name] = classes.get(name, 0) + 1
        facts = Facts(scores, classes, checked.nulls, checked.outside, 0, infer_ms)
        document, tail = self._write(asked, predictions, scores)
        return document, tail, facts

    def _write(
        self, asked: "Asked", predictions: "Sequence[Prediction]", scores: list[float]
    ) -> tuple[dict[str, Any], bytes]:
        outputs: list[dict[str, Any]] = []
        tail: list[bytes] = []
        for name, binary in asked.outputs:
            known = self._outputs[name]
            values: list[Any]
            if name == "label":
                values = [
                    self._names[prediction.label]
                    for prediction in predictions
                    if prediction.label is not None
                ]
            elif name in {"probability", "value"}:
                values = scores
            else:
                values = [score for prediction in predictions for score in prediction.scores]
            output: dict[str, Any] = {
                "name": name,
                "datatype": known["datatype"],
                "shape": [len(predictions), known["shape"][1]],
            }
            if binary:
                tail.append(to_bytes(values, known["datatype"]))
                output["parameters"] = {"binary_data_size": len(tail[-1])}
            else:
                output["data"] = values
            outputs.append(output)
        model = self._contract.model
        document = {
            "model_name": model.name,
            "model_version": model.version,
            **asked.echo,
            "outputs": outputs,
        }
        return document, b"".join(tail)


def _place(at: int, name: str | None) -> str:
    return f"row {at}" if name is None else f'input "{name}", row {at}'
