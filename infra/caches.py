"""Where tools keep what they fetched and unpacked, when they cannot write to the home folder.

A home folder may be read-only (a container, a build server). uv and the CDK's kernel then give up, although all
that they want is a folder; they are given one beside ``make``'s own.
"""

__all__ = ["KEPT", "cdk_cache", "is_writable", "uv_cache"]

import os
import subprocess
from pathlib import Path

KEPT = Path(__file__).parent.parent / ".tools/cache"
"""The folder that ``.ci/toolchain`` uses too."""


def is_writable(folder: Path) -> bool:
    """Tell whether a folder can be written; make it, as its tool would."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def uv_cache(uv: Path, *, kept: Path = KEPT) -> dict[str, str]:
    """Return what to add to uv's environment: nothing where its own cache can be written."""
    told = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=False).stdout.strip()
    return {} if told and is_writable(Path(told)) else {"UV_CACHE_DIR": str(kept)}


def cdk_cache(home: Path, *, kept: Path = KEPT) -> dict[str, str]:
    """Return what to add to the environment of the CDK's kernel, which keeps its unpacked packages.

    Source: ``DiskCache`` and ``Kernel`` of @jsii/kernel, whose message names the variable.
    """
    own = home / ".cache/aws/jsii/package-cache"
    return {} if is_writable(own) else {"JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(kept / "jsii")}
