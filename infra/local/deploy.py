"""Deploy a synthesised cloud assembly to the emulator: the template and assets that AWS would get.

What the emulator cannot do is removed by name, here and nowhere else.
"""

__all__ = ["UNSUPPORTED", "DeployError", "adapt", "deploy"]

import io
import json
import time
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from function.errors import NightjarError
from infra.local.emulator import ACCOUNT, Emulator

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

UNSUPPORTED: dict[str, str] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "the emulator refuses the type",
    "AWS::Budgets::Budget": "the emulator refuses the type",
    "AWS::Logs::QueryDefinition": "the emulator refuses the type",
    "AWS::Chatbot::SlackChannelConfiguration": "the emulator refuses the type",
}
"""Resource type → why it is not deployed to the emulator."""

_BOOTSTRAP = ("BootstrapVersion", "CheckBootstrapVersion")
"""The parameter and the rule by which CloudFormation checks an account's CDK bootstrap: there is none here."""

_DEADLINE_S = 120.0
_POLL_S = 0.02


class DeployError(NightjarError):
    """The emulator refused the stack; the message names each resource that failed and why."""


def deploy(*, assembly: "Path", emulator: Emulator) -> dict[str, str]:
    """Create the assembly's stack, or update it.

    Args:
        assembly: Folder that synthesis wrote.
        emulator: Where to deploy.

    Returns:
        Output name → value.

    Raises:
        DeployError: A resource failed, or the stack was not done in time.
    """
    name, artifact = _stack_of(assembly)
    template = json.loads((assembly / artifact["properties"]["templateFile"]).read_text())
    _upload_assets(assembly, name, emulator)
    client = emulator.client("cloudformation")
    stack = {
        "StackName": name,
        "TemplateBody": json.dumps(adapt(template)),
        "Capabilities": ["CAPABILITY_IAM"],
    }
    try:
        if _exists(client, name):
            client.update_stack(**stack)
        else:
            client.create_stack(**stack)
    except client.exceptions.ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise DeployError(f"stack {name}: {error}") from error
    return _wait(client, name)


def adapt(template: "Mapping[str, Any]") -> dict[str, Any]:
    """Return a template without what the emulator cannot do: the bootstrap check and :data:`UNSUPPORTED`."""
    gone = {key for key, item in template["Resources"].items() if item["Type"] in UNSUPPORTED}
    result = {
        **template,
        "Resources": {
            key: _without_dependencies(item, gone)
            for key, item in template["Resources"].items()
            if key not in gone
        },
    }
    for section in ("Parameters", "Rules"):
        kept = {key: item for key, item in template.get(section, {}).items() if key not in _BOOTSTRAP}
        result.pop(section, None)
        if kept:
            result[section] = kept
    return result


def _without_dependencies(resource: "Mapping[str, Any]", gone: set[str]) -> dict[str, Any]:
    result = dict(resource)
    depends = result.pop("DependsOn", [])
    depends = [depends] if isinstance(depends, str) else depends
    if kept := [key for key in depends if key not in gone]:
        result["DependsOn"] = kept
    return result


def _stack_of(assembly: "Path") -> tuple[str, dict[str, Any]]:
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    stacks = [
        (item["properties"].get("stackName", key), item)
        for key, item in artifacts.items()
        if item["type"] == "aws:cloudformation:stack"
    ]
    if len(stacks) != 1:
        raise DeployError(f"{assembly} holds {len(stacks)} stacks, wanted one; synthesise again")
    return stacks[0]


def _upload_assets(assembly: "Path", name: str, emulator: Emulator) -> None:
    """Put every zip asset where the template looks for it."""
    client = emulator.client("s3")
    for asset in json.loads((assembly / f"{name}.assets.json").read_text())["files"].values():
        if asset["source"]["packaging"] != "zip":
            continue  # the template itself
        package = _zip(assembly / asset["source"]["path"])
        for destination in asset["destinations"].values():
            bucket = destination["bucketName"].replace("${AWS::AccountId}", ACCOUNT)
            with suppress(client.exceptions.BucketAlreadyOwnedByYou):
                client.create_bucket(
                    Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": emulator.region}
                )
            client.put_object(Bucket=bucket, Key=destination["objectKey"], Body=package)


def _zip(folder: "Path") -> bytes:
    """Return a zip of a folder: the same bytes for the same content.

    Stored, not deflated: every worker of the emulator unpacks it when it starts.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
                entry.external_attr = (0o100755 if path.stat().st_mode & 0o100 else 0o100644) << 16
                package.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def _exists(client: Any, name: str) -> bool:
    return any(
        stack["StackName"] == name and stack["StackStatus"] != "DELETE_COMPLETE"
        for stack in client.describe_stacks()["Stacks"]
    )


def _wait(client: Any, name: str) -> dict[str, str]:
    deadline = time.monotonic() + _DEADLINE_S
    while time.monotonic() < deadline:
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
        status = stack["StackStatus"]
        if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}
        if not status.endswith("_IN_PROGRESS"):
            raise DeployError(f"stack {name} is {status}: {_failures(client, name) or 'no reason given'}")
        time.sleep(_POLL_S)
    raise DeployError(f"stack {name} was not done after {_DEADLINE_S:g} s")


def _failures(client: Any, name: str) -> str:
    """Return what failed since the last operation began, the first cause first."""
    latest = []
    for event in client.describe_stack_events(StackName=name)["StackEvents"]:  # the newest first
        of_stack = event["ResourceType"] == "AWS::CloudFormation::Stack"
        if of_stack and event["ResourceStatus"] in {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}:
            break
        if not of_stack and event["ResourceStatus"].endswith("_FAILED"):
            latest.append(event)
    return "; ".join(
        f"{event['ResourceType']} {event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
        for event in reversed(latest)
    )
