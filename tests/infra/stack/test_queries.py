"""The saved queries: four questions about the one log group, in the words that the function logs."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from function.contract import Contract
from function.errors import InternalError
from function.service import Service
from function.settings import Settings

type Properties = Callable[[Any, str], list[dict[str, Any]]]

WORDS = frozenset(
    {"filter", "stats", "sum", "count", "by", "bin", "as", "and", "or", "ispresent", "sort", "desc", "limit"}
    | {"display", "h"}
)
"""Of the query language. Source: "CloudWatch Logs Insights language query syntax", CloudWatch Logs user guide."""

LAMBDAS_OWN = frozenset({"@timestamp", "type", "record.status"})
"""Fields of the service's and of Lambda's own lines."""


def _flat(line: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield each field's name, nested ones with dots, as Logs Insights names them."""
    for name, value in line.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name


@pytest.fixture
def logged(
    artefact: Path,
    library: Path,
    contract: Contract,
    capfd: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> dict[str, dict[str, Any]]:
    """What the function logs of an answered request, a refused one and a failed one, by message."""
    sha256 = hashlib.sha256((artefact / "contract.json").read_bytes()).hexdigest()
    settings = Settings(
        contract_sha256=sha256,
        service=request.node.name,  # a logger of the same name would write where an earlier test looked
        model_folder=str(artefact),
        library_folder=str(library),
    )
    service = Service(settings, perf_counter())
    rows = [dict(item.row) for item in contract.golden.rows]
    event: dict[str, Any] = {
        "rawPath": "/predictions",
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": "POST", "path": "/predictions"}, "stage": "$default"},
        "isBase64Encoded": False,
    }
    service.handle({**event, "body": json.dumps({"instances": rows})}, "r1")
    service.handle({**event, "body": "{}"}, "r2")
    with pytest.raises(InternalError):
        service.handle({**event, "headers": 1, "body": "{}"}, "r3")
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    return {line["message"]: line for line in lines if "message" in line}


def test_there_are_four_saved_queries_of_the_one_group(prod: Any, properties: Properties) -> None:
    """Under the stage's name, so that stages do not mix."""
    (group,) = prod.find_resources("AWS::Logs::LogGroup")
    queries = properties(prod, "AWS::Logs::QueryDefinition")
    names = ["class mix", "errors", "input problems", "slowest requests"]
    assert sorted(query["Name"] for query in queries) == [f"nightjar-prod/{name}" for name in names]
    assert [query["LogGroupNames"] for query in queries] == [[{"Ref": group}]] * 4


def test_every_field_of_a_query_is_one_that_is_logged(
    prod: Any, properties: Properties, logged: dict[str, dict[str, Any]]
) -> None:
    """A field that nobody writes would make a query that is empty for ever."""
    known = LAMBDAS_OWN | {name for line in logged.values() for name in _flat(line)}
    for query in properties(prod, "AWS::Logs::QueryDefinition"):
        text = query["QueryString"]
        quoted = set(re.findall(r"`([^`]+)`", text))
        bare = re.sub(r"`[^`]+`|\"[^\"]*\"| as \w+", " ", text)
        fields = quoted | (set(re.findall(r"@?[a-z_]+(?:\.\w+)*", bare)) - WORDS)
        assert fields
        assert fields <= known, query["Name"]


def test_messages_and_levels_of_the_queries_are_the_functions(
    prod: Any, properties: Properties, logged: dict[str, dict[str, Any]]
) -> None:
    """The class mix counts answers by every class, problems are of refused requests, errors at their level."""
    queries = {
        q["Name"].partition("/")[2]: q["QueryString"] for q in properties(prod, "AWS::Logs::QueryDefinition")
    }
    assert logged["predicted"]["classes"].keys() <= set(
        re.findall(r"`classes\.([^`]+)`", queries["class mix"])
    )
    for name, message in (("class mix", "predicted"), ("input problems", "refused")):
        assert f'message = "{message}"' in queries[name]
        assert message in logged
    assert f'level = "{logged["failed"]["level"]}"' in queries["errors"]
