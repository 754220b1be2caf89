"""The real thing, deployed once for every test that asks it something."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.bundle import Bundle, build
from infra.local.deployment import LocalDeployment, local_deployment


@pytest.fixture(scope="session")
def real_bundle(artefact: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The bundle of the example model; not to be changed."""
    return build(artefact, tmp_path_factory.mktemp("bundle") / "bundle", cache=root / "build/cache")


@pytest.fixture(scope="session")
def deployment(real_bundle: Bundle) -> Iterator[LocalDeployment]:
    """The service on the embedded emulator."""
    with local_deployment(bundle=real_bundle.path) as running:
        yield running
