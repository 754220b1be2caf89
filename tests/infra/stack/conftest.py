"""The stages, synthesised once; properties are asserted, never logical ids."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from function.contract import Contract
from infra.app import synthesise
from infra.bundle import Bundle
from infra.config import load_config
from infra.schedule import NO_PEAKS, Schedule, load

PROD = {
    "jwt_issuer": "https://id.example",
    "jwt_audience": "app",
    "slack_workspace_id": "T0123",
    "slack_channel_id": "C0123",
}

type Synthesise = Callable[..., Any]


@pytest.fixture(scope="session")
def synthesised(
    bundle: Bundle, contract: Contract, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Synthesise:
    """Return a function from a stage, overrides and a contract to the template's assertions."""

    def run(
        stage: str,
        context: dict[str, Any] | None = None,
        *,
        of: Contract = contract,
        schedule: Schedule | None = None,
    ) -> Any:
        from aws_cdk.assertions import Template

        out = tmp_path_factory.mktemp("assembly")
        flags = json.loads((root / "cdk.json").read_text())["context"]  # as the command line passes them
        config = load_config(stage, {**(PROD if stage == "prod" else {}), **(context or {})})
        if schedule is None:
            schedule = load(root / config.schedule) if config.schedule else NO_PEAKS
        template = synthesise(
            config=config, bundle=bundle, contract=of, out=out, context=flags, schedule=schedule
        )
        return Template.from_string(template.read_text())

    return run


@pytest.fixture(scope="session")
def prod(synthesised: Synthesise) -> Any:
    """The template of stage ``prod``."""
    return synthesised("prod")


@pytest.fixture(scope="session")
def local(synthesised: Synthesise) -> Any:
    """The template of stage ``local``."""
    return synthesised("local")


@pytest.fixture(scope="session")
def properties() -> Callable[[Any, str], list[dict[str, Any]]]:
    """Return a function from a template and a resource type to the properties of its resources."""

    def find(template: Any, type_: str) -> list[dict[str, Any]]:
        return [item.get("Properties", {}) for item in template.find_resources(type_).values()]

    return find


@pytest.fixture(scope="session")
def inference() -> Callable[[Any], dict[str, Any]]:
    """Return a function from a template to the properties of the function that the alias belongs to."""

    def find(template: Any) -> dict[str, Any]:
        (alias,) = template.find_resources("AWS::Lambda::Alias").values()
        functions = template.find_resources("AWS::Lambda::Function")
        return functions[alias["Properties"]["FunctionName"]["Ref"]]["Properties"]

    return find
