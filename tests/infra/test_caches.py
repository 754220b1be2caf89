"""Tools that cannot write to the home folder keep their files beside make's own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.caches import KEPT, cdk_cache, is_writable, uv_cache


def fake_uv(folder: Path, cache: str) -> Path:
    """Return a program that answers as ``uv cache dir`` does."""
    path = folder / "uv"
    path.write_text(f"#!/bin/sh\necho {cache}\n")
    path.chmod(0o755)
    return path


def test_a_cache_that_can_be_made_is_left_alone(tmp_path: Path) -> None:
    """And made, as its tool would."""
    assert is_writable(tmp_path / "a/b/c")
    assert uv_cache(fake_uv(tmp_path, str(tmp_path / "cache/uv"))) == {}
    assert cdk_cache(tmp_path) == {}


@pytest.mark.parametrize("home", ["/proc/nohome", "{file}"])
def test_a_home_that_cannot_be_written_is_not_used(tmp_path: Path, home: str) -> None:
    """Because the system says so, or because it is no folder."""
    (tmp_path / "file").write_text("")
    folder = home.format(file=tmp_path / "file")
    if folder.startswith("/proc") and not Path("/proc/self").exists():
        pytest.skip("there is no /proc")
    assert uv_cache(fake_uv(tmp_path, f"{folder}/.cache/uv")) == {"UV_CACHE_DIR": str(KEPT)}
    assert cdk_cache(Path(folder)) == {"JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(KEPT / "jsii")}


def test_the_cdks_kernel_takes_the_folder(tmp_path: Path) -> None:
    """The variable is the one that it reads: it unpacks its packages there."""
    kept = tmp_path / "kept"
    program = (
        "import os; from infra.app import NODE; os.environ['JSII_NODE'] = str(NODE); "
        "import constructs; print('ok')"
    )
    env = {**os.environ, "HOME": "/proc/nohome", "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(kept / "jsii")}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
    assert (kept / "jsii").is_dir()
