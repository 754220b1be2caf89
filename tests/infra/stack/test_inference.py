"""The function: packaging, logging, role, settings, version and alias."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from function.contract import Contract
from function.settings import Settings
from infra.app import synthesise
from infra.bundle import Bundle
from infra.config import load_config

type Inference = Callable[[Any], dict[str, Any]]
type Properties = Callable[[Any, str], list[dict[str, Any]]]


def test_on_aws_the_function_is_an_image(prod: Any, inference: Inference, properties: Properties) -> None:
    """An image has neither handler nor runtime: its Dockerfile has."""
    function = inference(prod)
    assert (function["PackageType"], function["Architectures"]) == ("Image", ["x86_64"])
    assert "ImageUri" in function["Code"]
    assert not {"Handler", "Runtime"} & function.keys()


def test_the_image_is_built_from_the_bundle_for_its_processor(
    bundle: Bundle, contract: Contract, tmp_path: Any
) -> None:
    """The build's context is the bundle, with the Dockerfile that travels in it."""
    synthesise(config=load_config("dev"), bundle=bundle, contract=contract, out=tmp_path, context={})
    (image,) = json.loads((tmp_path / "Nightjar-dev.assets.json").read_text())["dockerImages"].values()
    assert (image["source"]["dockerFile"], image["source"]["platform"]) == (
        "function/Dockerfile",
        "linux/amd64",
    )
    assert (tmp_path / image["source"]["directory"] / "model/model.onnx").is_file()


def test_locally_the_function_is_a_zip(local: Any, inference: Inference, properties: Properties) -> None:
    """The emulator runs zip packages on the same Python."""
    function = inference(local)
    assert (function["Handler"], function["Runtime"]) == ("function.handler.handler", "python3.13")


def test_log_lines_are_json_and_let_metrics_through(
    prod: Any, inference: Inference, properties: Properties
) -> None:
    """Platform lines are JSON at INFO; above it the function's metrics would be dropped."""
    function = inference(prod)
    logging = function["LoggingConfig"]
    assert (
        logging["LogFormat"],
        logging["SystemLogLevel"],
        logging["ApplicationLogLevel"],
    ) == ("JSON", "INFO", "INFO")


def test_the_function_reads_what_the_stack_writes(
    prod: Any, inference: Inference, properties: Properties, bundle: Bundle
) -> None:
    """The settings come back from the environment, with the hash of the bundled contract."""
    function = inference(prod)
    settings = Settings.from_env(function["Environment"]["Variables"])
    assert Settings(contract_sha256=bundle.contract_sha256, service="nightjar-prod") == settings


def test_the_role_may_write_to_one_log_group_and_nothing_else(
    prod: Any, inference: Inference, properties: Properties
) -> None:
    """The managed policy would let it write to every log group of the account."""
    role = inference(prod)["Role"]["Fn::GetAtt"][0]
    assert "ManagedPolicyArns" not in prod.find_resources("AWS::IAM::Role")[role]["Properties"]
    (policy,) = [p for p in properties(prod, "AWS::IAM::Policy") if p["Roles"] == [{"Ref": role}]]
    (statement,) = policy["PolicyDocument"]["Statement"]
    (group,) = prod.find_resources("AWS::Logs::LogGroup")
    assert {
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Effect": "Allow",
        "Resource": {"Fn::GetAtt": [group, "Arn"]},
    } == statement


def test_memory_and_timeout_are_the_stages(
    synthesised: Callable[..., Any], inference: Inference, properties: Properties
) -> None:
    """Settings reach the resource."""
    function = inference(synthesised("dev", {"memory_mb": 1536, "timeout_s": 5}))
    assert (function["MemorySize"], function["Timeout"]) == (1536, 5)


def test_the_alias_points_to_the_version(prod: Any, inference: Inference, properties: Properties) -> None:
    """Callers use ``live``."""
    (version,) = prod.find_resources("AWS::Lambda::Version")
    (alias,) = properties(prod, "AWS::Lambda::Alias")
    assert ("live", {"Fn::GetAtt": [version, "Version"]}) == (alias["Name"], alias["FunctionVersion"])


def test_a_new_model_makes_a_new_version(
    prod: Any, synthesised: Callable[..., Any], contract: Contract
) -> None:
    """CloudFormation publishes a version only when its logical id is new; the same model keeps it."""
    other = replace(contract, model=replace(contract.model, version="0" * 12))
    versions = [list(t.find_resources("AWS::Lambda::Version")) for t in (prod, synthesised("prod", of=other))]
    assert versions[0] != versions[1]
    assert versions[0] == list(synthesised("prod").find_resources("AWS::Lambda::Version"))
