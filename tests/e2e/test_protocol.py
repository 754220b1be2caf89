"""Public clients of the Open Inference Protocol, unchanged, against the deployed API: they get the golden answers."""

import importlib
from math import nan
from types import ModuleType
from typing import Annotated, Any, NamedTuple

import numpy as np
import pydantic
import pydantic_open_inference as oip
import pytest

from function.contract import Contract, GoldenRow
from infra.local.deployment import LocalDeployment

pytestmark = pytest.mark.e2e


@pytest.fixture
def answers(contract: Contract) -> tuple[list[str], list[tuple[float, ...]]]:
    """What the golden rows must be answered: names of classes, and their probabilities."""
    names = {target.value: target.name for target in contract.outputs.classes}
    golden = contract.golden.rows
    return [names[item.label] for item in golden if item.label is not None], [item.scores for item in golden]


class TestTriton:
    """NVIDIA's client, which sends and asks for binary tensors unless it is told otherwise."""

    @pytest.fixture
    def triton(self) -> ModuleType:
        """The client's module."""
        return importlib.import_module("tritonclient.http")

    @pytest.fixture
    def client(self, triton: ModuleType, deployment: LocalDeployment) -> Any:
        """A client of the deployed API."""
        with triton.InferenceServerClient(deployment.base_url.removeprefix("http://")) as client:
            yield client

    def test_finds_a_ready_model_and_its_metadata(self, client: Any, contract: Contract) -> None:
        """With and without a version."""
        assert client.is_server_live()
        assert client.is_server_ready()
        assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
        for version in ("", contract.model.version):
            assert client.is_model_ready("sleep", version)
            metadata = client.get_model_metadata("sleep", version)
            assert [item["name"] for item in metadata["inputs"]] == [item.name for item in contract.features]
        assert not client.is_model_ready("sleep", "1")

    def test_gets_the_golden_answers_with_its_default_settings(
        self, triton: ModuleType, client: Any, contract: Contract, answers: Any
    ) -> None:
        """Binary in, binary out; NaN and an empty text are no answer."""
        inputs = _triton_inputs(triton, contract, contract.golden.rows)
        result = client.infer("sleep", inputs, request_id="r-7")
        _assert_golden(result, answers)
        assert result.get_response()["id"] == "r-7"
        assert result.get_output("label")["parameters"]["binary_data_size"] > 0

    def test_gets_the_golden_answers_in_json(
        self, triton: ModuleType, client: Any, contract: Contract, answers: Any
    ) -> None:
        """Complete rows, since NaN is not JSON."""
        full = [at for at, item in enumerate(contract.golden.rows) if None not in item.row.values()]
        full = [at for at in full if len(contract.golden.rows[at].row) == len(contract.features)]
        rows = [contract.golden.rows[at] for at in full]
        assert len(rows) > 1
        outputs = [
            triton.InferRequestedOutput(name, binary_data=False)
            for name in ("probabilities", "label", "probability")
        ]
        inputs = _triton_inputs(triton, contract, rows, binary=False)
        result = client.infer("sleep", inputs, contract.model.version, outputs=outputs)
        _assert_golden(result, tuple([part[at] for at in full] for part in answers))
        assert [output["name"] for output in result.get_response()["outputs"]] == [
            "probabilities",
            "label",
            "probability",
        ]

    def test_is_told_what_is_wrong(self, triton: ModuleType, client: Any, contract: Contract) -> None:
        """Its exception holds the function's own words and status."""
        inputs = _triton_inputs(triton, contract, contract.golden.rows[:1])
        inputs[0].set_data_from_numpy(np.array([[99.0]]))
        for sent, outputs, words in (
            (inputs, None, 'input "age", row 0: is 99'),
            (inputs[1:], None, 'input "age": is missing'),
            (
                inputs,
                [triton.InferRequestedOutput("label", class_count=2)],
                '"classification" is not supported',
            ),
        ):
            with pytest.raises(triton.InferenceServerException, match=words) as caught:
                client.infer("sleep", sent, outputs=outputs)
            assert caught.value.status() == "400"
        with pytest.raises(triton.InferenceServerException, match="no such model"):
            client.infer("other", inputs)


def _triton_inputs(
    triton: ModuleType,
    contract: Contract,
    rows: "tuple[GoldenRow, ...] | list[GoldenRow]",
    *,
    binary: bool = True,
) -> list[Any]:
    inputs = []
    for feature in contract.features:
        values = [item.row.get(feature.name) for item in rows]
        if feature.kind == "category":
            data = np.array([["" if value is None else value] for value in values], dtype=np.object_)
        else:
            data = np.array([[nan if value is None else value] for value in values], dtype=np.float64)
        tensor = triton.InferInput(
            feature.name, data.shape, "BYTES" if feature.kind == "category" else "FP64"
        )
        tensor.set_data_from_numpy(data, binary_data=binary)
        inputs.append(tensor)
    return inputs


def _assert_golden(result: Any, answers: tuple[list[str], list[tuple[float, ...]]]) -> None:
    labels, scores = answers
    found = result.as_numpy("label")
    assert [item.decode() if isinstance(item, bytes) else item for item in found[:, 0]] == labels
    np.testing.assert_allclose(result.as_numpy("probabilities"), scores, rtol=0, atol=1e-6)
    np.testing.assert_allclose(
        result.as_numpy("probability")[:, 0], np.array(scores)[:, 1], rtol=0, atol=1e-6
    )


class Whole(NamedTuple):
    """A row of an integer tensor: the client takes a tuple of one for any length."""

    value: int


class Real(NamedTuple):
    """A row of a floating-point tensor."""

    value: float


class Text(NamedTuple):
    """A row of a text tensor."""

    value: str


class Pair(NamedTuple):
    """A row of a tensor with a probability a class."""

    under: float
    over: float


def test_pydantic_open_inference_gets_the_golden_answers(
    deployment: LocalDeployment, contract: Contract, answers: Any
) -> None:
    """A client written against the published specification, JSON only; it compares its types with the metadata."""
    types: dict[str, Any] = {
        "integer": list[Whole],
        "number": Annotated[list[Real], oip.DatatypeOverride("FP64")],
        "category": list[Text],
    }
    fields: dict[str, Any] = {feature.name: (types[feature.kind], ...) for feature in contract.features}
    inputs = pydantic.create_model("Inputs", __base__=oip.InputsBaseModel, **fields)
    outputs = pydantic.create_model(
        "Outputs",
        __base__=oip.OutputsBaseModel,
        label=(list[Text], ...),
        probabilities=(list[Pair], ...),
    )
    names = [feature.name for feature in contract.features]
    full = [
        at for at, g in enumerate(contract.golden.rows) if None not in [g.row.get(name) for name in names]
    ]
    rows = [contract.golden.rows[at].row for at in full]
    model = oip.RemoteModel(
        inputs_model=inputs,
        outputs_model=outputs,
        model_name="sleep",
        model_version=contract.model.version,
        server_url=deployment.base_url,
    )
    assert model.is_ready()
    model.validate()
    result = model.infer(inputs(**{name: [(row[name],) for row in rows] for name in names}))
    labels, scores = answers
    assert [item for (item,) in result.label] == [labels[at] for at in full]
    np.testing.assert_allclose(result.probabilities, [scores[at] for at in full], rtol=0, atol=1e-6)
