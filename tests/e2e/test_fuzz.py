"""The deployed API under schemathesis: requests made from its own description, right and wrong ones."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from function.contract import Contract
from infra.local.deployment import LocalDeployment
from infra.local.http import request
from infra.openapi import render

pytestmark = pytest.mark.e2e

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)


def test_the_deployment_serves_its_own_description(deployment: LocalDeployment, contract: Contract) -> None:
    """As it was rendered when the bundle was built."""
    answer = request(deployment.base_url + "/openapi.json")
    assert answer is not None
    assert (answer.status, answer.body) == (200, render(contract))


def known(deployment: LocalDeployment, contract: Contract) -> Any:
    """Ask for the first golden row."""
    body = json.dumps({"instances": [contract.golden.rows[0].row]}).encode()
    answer = request(deployment.base_url + "/predictions", body=body)
    assert answer is not None
    assert answer.status == 200
    return json.loads(answer.body)["predictions"]


@pytest.mark.parametrize(
    ("examples", "phases", "wanted"),
    [
        (20, "examples,fuzzing", 100),
        pytest.param(400, "examples,coverage,fuzzing,stateful", 4000, marks=pytest.mark.long),
    ],
)
def test_requests_made_from_the_description_find_no_fault(
    deployment: LocalDeployment, contract: Contract, tmp_path: Path, examples: int, phases: str, wanted: int
) -> None:
    """Every status, header and document is as described, none is a 5xx, and a known row is answered as before."""
    before = known(deployment, contract)
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{deployment.base_url}/openapi.json"]
    command += ["--url", deployment.base_url, "--checks", ",".join(CHECKS), "--phases", phases, "--seed", "7"]
    command += ["--max-examples", str(examples), "--request-timeout", "10", "--no-color"]
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", "PYTHONWARNINGS": ""}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    found = re.search(r"(\d+) generated", done.stdout)
    assert found is not None
    assert int(found[1]) >= wanted
    assert known(deployment, contract) == before
