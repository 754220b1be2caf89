"""``infra.app`` for the emulator: the same synthesis, then without what the emulator cannot do.

It lets npm's CDK command line, and so ``make deploy`` as it stands, work against the emulator:
``make deploy CONTEXT=packaging=zip ARGS="--app '.venv/bin/python -m infra.local.app'"`` with ``AWS_ENDPOINT_URL``.

Exit codes: those of ``infra.app``.

Example:
    CDK_OUTDIR=build/adapted python -m infra.local.app --stage dev -c packaging=zip
"""

__all__ = ["main"]

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.deploy import adapt

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: "Sequence[str] | None" = None) -> int:
    """Synthesise as the command line says, and adapt the template in its place."""
    given = sys.argv[1:] if argv is None else list(argv)
    parser = argparse.ArgumentParser(prog="python -m infra.local.app", add_help=False)
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("CDK_OUTDIR") or "build/cdk/adapted"))
    options, others = parser.parse_known_args(given)
    out: Path = options.out
    # A process of its own: the local deployment and the stack do not import one another.
    done = subprocess.run([sys.executable, "-m", "infra.app", "--out", str(out), *others], check=False)
    if done.returncode:
        return done.returncode
    (template,) = out.glob("*.template.json")
    template.write_text(json.dumps(adapt(json.loads(template.read_text())), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
