"""Debian packages of any architecture, unpacked into a folder: the ground on which an image's base is stood in for.

An apt of our own with an empty state resolves and downloads; nothing is installed, and the system's apt is not
touched.
"""

__all__ = ["UnavailableError", "unpack"]

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

SUITE = "trixie"
"""The release whose Python is 3.13."""

MIRROR = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

_CONFIGURATION = """\
Dir::Etc::SourceList "{folder}/sources";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
APT::Sandbox::User "root";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "2";
"""


class UnavailableError(Exception):
    """What is needed is not on this machine and cannot be had; the message says what and why."""


def unpack(
    packages: Sequence[str], *, architecture: str, scratch: Path, into: Path, only: str | None = None
) -> Path:
    """Download packages with what they depend on and unpack them.

    Args:
        packages: Names.
        architecture: Debian's name of it: ``amd64``, ``arm64``.
        scratch: Folder for what apt needs.
        into: Folder that becomes the root.
        only: Unpack this file alone, and leave out what they depend on.

    Returns:
        ``into``.

    Raises:
        UnavailableError: There is no apt, no key of Debian's, or no mirror answers.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise UnavailableError(f"there is no {tool}, wanted a Debian or one of its descendants")
    if not KEYRING.is_file():
        raise UnavailableError(f"there is no {KEYRING}; install debian-archive-keyring")
    for folder in ("lists/partial", "cache/archives/partial"):
        (scratch / folder).mkdir(parents=True)
    (scratch / "status").touch()
    (scratch / "sources").write_text(f"deb [signed-by={KEYRING}] {MIRROR} {SUITE} main\n")
    configuration = scratch / "apt.conf"
    configuration.write_text(_CONFIGURATION.format(folder=scratch, architecture=architecture))
    env = {**os.environ, "APT_CONFIG": str(configuration)}
    archives = scratch / "cache/archives"
    fetch = ["download"] if only else ["install", "--download-only", "--yes"]
    for arguments in (["update", "--error-on=any"], [*fetch, *packages]):
        done = subprocess.run(
            ["apt-get", "-qq", *arguments], env=env, cwd=archives, capture_output=True, text=True
        )
        if done.returncode:
            raise UnavailableError(f"apt-get {arguments[0]} failed: {done.stderr.strip()[-500:]}")
    into.mkdir()
    for archive in sorted(archives.glob("*.deb")):
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as files:
            subprocess.run(
                ["tar", "-x", "-C", into, *([only] if only else [])], stdin=files.stdout, check=True
            )
        assert files.returncode == 0, f"{archive} cannot be read"
    return into
