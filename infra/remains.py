"""What a deleted stage leaves in the account, and what it costs there.

Some of it is left on purpose (prod's log lines), some belongs to the CDK's bootstrap stack, which other stacks
of the account may share.
"""

__all__ = ["Remain", "remains", "table"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from infra.prices import Prices

_GB = 1024**3

_COLLECT = "cdk gc --unstable=gc deletes what no stack uses; shared with every CDK stack here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remain:
    """One thing that is still there.

    Attributes:
        what: Kind and name.
        usd_per_month: What it costs; None if that could not be read.
        note: How large it is, and how to be rid of it.
    """

    what: str
    usd_per_month: float | None
    note: str


def remains(
    client: "Callable[[str], Any]", *, stack: str, keys: "Iterable[str]", prices: "Prices"
) -> list[Remain]:
    """Return what is left of a stack that was deleted.

    Args:
        client: From a service's name to its boto3 client.
        stack: Name of the stack.
        keys: Ids of its encryption keys.
        prices: List prices; log lines are priced as if they were not compressed.
    """
    found: list[Remain] = []
    looks: dict[str, Callable[[], Iterator[Remain]]] = {
        "log groups": lambda: _log_groups(client("logs"), stack, prices),
        "encryption keys": lambda: _keys(client("kms"), keys, prices),
        "container images": lambda: _images(client("ecr"), prices),
        "files of deployments": lambda: _files(client("s3"), client("sts"), prices),
    }
    for title, look in looks.items():
        try:
            found += look()
        except (BotoCoreError, ClientError) as error:
            found.append(Remain(what=title, usd_per_month=None, note=f"could not be listed: {error}"))
    return found


def table(found: "Iterable[Remain]") -> str:
    """Return the list for a person, the dearest first."""
    ordered = sorted(found, key=lambda item: -(item.usd_per_month or 0))
    lines = [
        f"{'?' if item.usd_per_month is None else f'{item.usd_per_month:.4f}':>8} USD/month  {item.what}: {item.note}"
        for item in ordered
    ]
    total = sum(item.usd_per_month or 0 for item in ordered)
    return "\n".join([*lines, f"{total:>8.4f} USD/month  in all"])


def _log_groups(logs: Any, stack: str, prices: "Prices") -> "Iterator[Remain]":
    for prefix in (f"{stack}-", f"/aws/lambda/{stack}-"):
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix):
            for group in page["logGroups"]:
                size = group.get("storedBytes", 0)
                days = group.get("retentionInDays")
                end = f"lines end after {days} days" if days else "lines never end"
                yield Remain(
                    what=f"log group {group['logGroupName']}",
                    usd_per_month=size / _GB * prices.logs.stored_gb,
                    note=f"{_size(size)}, {end}; aws logs delete-log-group --log-group-name …",
                )


def _keys(kms: Any, keys: "Iterable[str]", prices: "Prices") -> "Iterator[Remain]":
    for key in keys:
        about = kms.describe_key(KeyId=key)["KeyMetadata"]
        gone = about["KeyState"] == "PendingDeletion"
        note = f"is deleted on {about.get('DeletionDate')}; free until then" if gone else about["KeyState"]
        # Source: https://aws.amazon.com/kms/pricing/, nothing while deletion is pending.
        yield Remain(what=f"encryption key {key}", usd_per_month=0.0 if gone else prices.key.key, note=note)


def _images(ecr: Any, prices: "Prices") -> "Iterator[Remain]":
    for page in ecr.get_paginator("describe_repositories").paginate():
        for repository in page["repositories"]:
            name = repository["repositoryName"]
            if "-container-assets-" not in name:
                continue
            pages = ecr.get_paginator("describe_images").paginate(repositoryName=name)
            sizes = [image.get("imageSizeInBytes", 0) for p in pages for image in p["imageDetails"]]
            yield Remain(
                what=f"image repository {name}",
                usd_per_month=sum(sizes) / _GB * prices.registry.gb,
                note=f"{len(sizes)} images, {_size(sum(sizes))}; {_COLLECT}",
            )


def _files(s3: Any, sts: Any, prices: "Prices") -> "Iterator[Remain]":
    account = sts.get_caller_identity()["Account"]
    region = s3.meta.region_name
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        if not (name.startswith("cdk-") and name.endswith(f"-assets-{account}-{region}")):
            continue
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=name)
        sizes = [item["Size"] for page in pages for item in page.get("Contents", [])]
        yield Remain(
            what=f"bucket {name}",
            usd_per_month=sum(sizes) / _GB * prices.files.gb,
            note=f"{len(sizes)} files, {_size(sum(sizes))}; {_COLLECT}",
        )


def _size(count: float) -> str:
    return f"{count / 1024**2:.1f} MB"
