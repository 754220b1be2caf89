"""Images built and run by buildah without an engine, a daemon or user namespaces, in a store of their own."""

__all__ = ["Buildah", "missing"]

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def missing() -> str | None:
    """Return why no image can be built on this machine."""
    if shutil.which("buildah") is None:
        return "buildah is not installed; make system-deps installs it"
    return "buildah needs root here" if os.geteuid() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Buildah:
    """A store of images.

    Attributes:
        folder: Holds everything.
    """

    folder: Path

    def build(
        self,
        context: Path,
        *,
        dockerfile: Path,
        tag: str,
        base: str | None = None,
        architecture: str = "amd64",
    ) -> str:
        """Build an image and return its tag."""
        argument = [] if base is None else ["--build-arg", f"BASE={base}"]
        self._run(
            *("bud", "--quiet", "--isolation", "chroot", "--arch", architecture, "--pull-never"),
            *(*argument, "--file", str(dockerfile), "--tag", tag, str(context)),
        )
        return tag

    def configuration(self, tag: str) -> dict[str, Any]:
        """Return what the image says of itself: ``Env``, ``Entrypoint``, ``Cmd`` and so on."""
        document = json.loads(self._run("inspect", "--type", "image", tag))["OCIv1"]
        return {"architecture": document["architecture"], **document["config"]}

    def layers(self, tag: str) -> dict[str, int]:
        """Return digest → size in bytes of the image's layers, uncompressed."""
        place = self.folder / ("pushed-" + tag.replace("/", "-").replace(":", "-"))
        self._run("push", "--quiet", "--disable-compression", tag, f"dir:{place}")
        return {
            layer["digest"]: layer["size"]
            for layer in json.loads((place / "manifest.json").read_text())["layers"]
        }

    def container(self, tag: str) -> str:
        """Make a container of an image and return its name."""
        return self._run("from", "--quiet", "--pull-never", tag).strip()

    def mounted(self, container: str) -> Path:
        """Return the folder of a container's files."""
        return Path(self._run("mount", container).strip())

    def command(self, container: str, command: Sequence[str], env: Mapping[str, str]) -> list[str]:
        """Return what runs a command in a container with the image's environment and some more.

        The Runtime API's address is known only when it starts, so it is taken from the environment then.
        """
        given = [part for name, value in env.items() for part in ("--env", f"{name}={value}")]
        run = shlex.join([*self._buildah, "run", "--isolation", "chroot", *given])
        late = '--env "AWS_LAMBDA_RUNTIME_API=$AWS_LAMBDA_RUNTIME_API"'
        return ["/bin/sh", "-c", f"exec {run} {late} {container} -- {shlex.join(command)}"]

    @property
    def _buildah(self) -> list[str]:
        store = ["--root", str(self.folder / "store"), "--runroot", str(self.folder / "run")]
        return ["buildah", "--storage-driver", "vfs", *store]

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([*self._buildah, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, f"buildah {arguments[0]}: {done.stderr}"
        return done.stdout
