"""What requests and answers look like, as JSON Schema: the part of the API's description that the model decides."""

__all__ = ["Json", "ref", "schemas"]

from typing import TYPE_CHECKING, Any

from function.oip import inputs_of, outputs_of
from function.oip_request import ACCEPTED
from function.settings import Settings

if TYPE_CHECKING:
    from function.contract import Contract, Feature

type Json = dict[str, Any]


def ref(schema: str) -> Json:
    """Refer to a schema."""
    return {"$ref": f"#/components/schemas/{schema}"}


def _object(properties: Json, *, optional: tuple[str, ...] = (), closed: bool = True) -> Json:
    """Return the schema of an object."""
    required = [name for name in properties if name not in optional]
    result: Json = {"type": "object", "properties": properties, "required": required}
    return result | {"additionalProperties": False} if closed else result


def _array(items: Json, **limits: int) -> Json:
    return {"type": "array", "items": items, **limits}


_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "number"}


def schemas(contract: "Contract") -> Json:
    """Return every schema that the document refers to, by name."""
    most = Settings(contract_sha256="").max_instances
    features = contract.features
    optional = tuple(feature.name for feature in features if not feature.required)
    model = _object({"name": {"const": contract.model.name}, "version": {"const": contract.model.version}})
    problem = _object(
        {"pointer": {**_TEXT, "description": "JSON pointer (RFC 6901) as a URI fragment"}, "detail": _TEXT}
    )
    return {
        "Instance": _object({item.name: _feature(item) for item in features}, optional=optional),
        "PredictionRequest": _object({"instances": _array(ref("Instance"), minItems=1, maxItems=most)}),
        "Prediction": _prediction(contract),
        "PredictionResponse": _object(
            {"model": model, "predictions": _array(ref("Prediction"), minItems=1, maxItems=most)}
        ),
        "Problem": _object(
            {
                "type": _TEXT,
                "title": _TEXT,
                "status": {"type": "integer", "minimum": 400, "maximum": 499},
                "errors": _array(problem, minItems=1, maxItems=20),
            }
        ),
        "GatewayError": _object({"message": _TEXT}, closed=False),
        **_protocol_schemas(contract, most),
    }


def _feature(feature: "Feature") -> Json:
    words = [feature.question, f"Unit: {feature.unit}." if feature.unit else ""]
    schema: Json = {"type": {"category": "string", "text": "string"}.get(feature.kind, feature.kind)}
    ranged = feature.minimum is not None and feature.maximum is not None
    if ranged and feature.outside == "reject":
        schema |= {"minimum": feature.minimum, "maximum": feature.maximum}
    elif ranged:
        words.append(f"Known from {feature.minimum:g} to {feature.maximum:g}; what lies beyond is answered.")
    if feature.kind == "integer" and "minimum" not in schema:
        schema |= {"minimum": 1 - 2**63, "maximum": 2**63 - 1}
    if feature.categories and feature.outside == "reject":
        schema["enum"] = list(feature.categories)
    elif schema["type"] == "string":
        schema["pattern"] = r"^[^\u0000]*$"
        if feature.categories:
            words.append(f"Known: {', '.join(feature.categories)}; anything else is answered.")
    if feature.nullable:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
        words.append("null: no answer.")
    return schema | {"description": " ".join(filter(None, words)), "examples": [feature.example]}


def _prediction(contract: "Contract") -> Json:
    outputs = contract.outputs
    label = {"enum": [target.name for target in outputs.classes]}
    scores = _object(dict.fromkeys(outputs.score_names, _NUMBER))
    key = "probability" if contract.model.task == "classification" else "value"
    value = {**_NUMBER, "description": outputs.question + (f" Unit: {outputs.unit}." if outputs.unit else "")}
    properties: Json
    match contract.model.task:
        case "classification":
            base_rate = {
                "type": ["number", "null"],
                "description": "Share of this class in the training data",
            }
            properties = {
                "label": label,
                "probability": value,
                "base_rate": base_rate,
                "probabilities": scores,
            }
        case "decision":
            properties = {"label": label, "value": value, "values": scores}
        case "regression":
            properties = (
                {"value": value} if len(outputs.score_names) == 1 else {"value": value, "values": scores}
            )
        case "outlier":
            properties = {"label": label, "value": value}
        case _:
            properties = {"label": label, "distances": scores}
    advice = _object({"feature": _TEXT, "from": {}, "to": {}, key: _NUMBER, "text": _TEXT})
    return _object(
        {**properties, "advice": {**_array(advice, maxItems=3), "description": "What helps, best first"}}
    )


def _protocol_schemas(contract: "Contract", most: int) -> Json:
    """Return the schemas of the Open Inference Protocol."""
    inputs = [item["name"] for item in inputs_of(contract)]
    outputs = [item["name"] for item in outputs_of(contract)]
    datatypes = sorted({name for names in ACCEPTED.values() for name in names})
    parameters = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
    tensor: Json = {
        "name": {"enum": inputs},
        "shape": {**_array({"type": "integer", "minimum": 1, "maximum": most}, minItems=1, maxItems=2)},
        "datatype": {
            "enum": datatypes,
            "description": "As the model's metadata says, or another number type",
        },
        "parameters": ref("Parameters"),
        "data": {**_array({}), "description": "Flat or nested; null: no answer. Or binary, after the JSON."},
    }
    answer = {**tensor, "name": {"enum": outputs}, "shape": _array({"type": "integer", "minimum": 1})}
    described = _object(
        {
            "name": _TEXT,
            "datatype": _TEXT,
            "shape": _array({"type": "integer"}),
            "parameters": ref("Parameters"),
        },
        optional=("parameters",),
    )
    wanted = _object(
        {"name": {"enum": outputs}, "parameters": ref("Parameters")}, optional=("parameters",), closed=False
    )
    request = {
        "id": _TEXT,
        "parameters": ref("Parameters"),
        "inputs": _array(_object(tensor, optional=("parameters", "data"), closed=False), minItems=1),
        "outputs": _array(wanted),
    }
    response = {
        "model_name": {"const": contract.model.name},
        "model_version": {"const": contract.model.version},
        "id": _TEXT,
        "parameters": ref("Parameters"),
        "outputs": _array(_object(answer, optional=("parameters", "data")), minItems=1),
    }
    return {
        "Live": _object({"live": {"const": True}}),
        "Ready": _object({"live": {"const": True}, "ready": {"const": True}}),
        "ServerMetadata": _object({"name": _TEXT, "version": _TEXT, "extensions": _array(_TEXT)}),
        "ModelReady": _object({"name": {"const": contract.model.name}, "ready": {"type": "boolean"}}),
        "ModelMetadata": _object(
            {
                "name": {"const": contract.model.name},
                "versions": _array({"const": contract.model.version}),
                "platform": _TEXT,
                "inputs": _array(described),
                "outputs": _array(described),
            }
        ),
        "Parameters": parameters,
        "InferenceRequest": _object(request, optional=("id", "parameters", "outputs"), closed=False),
        "InferenceResponse": _object(response, optional=("id", "parameters")),
        "ProtocolError": _object({"error": _TEXT}),
    }
