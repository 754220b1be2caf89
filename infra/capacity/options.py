"""What the planner's command line takes."""

__all__ = ["parser"]

import argparse
from pathlib import Path

from infra.capacity.measurements import MEASURED
from infra.capacity.search import Limits
from infra.capacity.simulate import Platform
from infra.capacity.workload import ENVIRONMENT_S
from infra.commandline import parser_of, positive, share, whole_number

TRAFFIC = Path(__file__).with_name("traffic.toml")
SCHEDULE = Path(__file__).parent.parent / "schedule.toml"


def parser(document: str | None) -> argparse.ArgumentParser:
    """Return the parser; ``document`` is the command's docstring, and its help."""
    result = parser_of("infra.capacity", document)
    commands = result.add_subparsers(dest="command", required=True, metavar="command")

    def command(name: str, about: str, example: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=about,
            description=f"{about[0].upper()}{about[1:]}.",
            epilog=f"example:\n  python -m infra.capacity {example}\n\n{_CODES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    plan = command(
        "plan", "traffic in; schedule, memory, price and pictures out", "plan --popularity 3 --no-schedule"
    )
    price = command("price", "the monthly price of a template, or of the brief", "price --brief")
    for one in (plan, price):
        _shared(one)
    limits = Limits()
    plan.add_argument(
        "--memory-mb",
        type=_sizes,
        help="sizes in MB to choose from, parted by commas (default: all measured)",
    )
    plan.add_argument(
        "--cold-share",
        type=share,
        default=limits.cold_share,
        help="largest share of cold starts in each peak (%(default)s)",
    )
    plan.add_argument(
        "--late-share",
        type=share,
        default=limits.late_share,
        help="largest share later than the SLA (%(default)s)",
    )
    plan.add_argument(
        "--start-s",
        type=positive,
        default=limits.start_s,
        help="longest cold answer, 99 of 100, in seconds (%(default)s)",
    )
    plan.add_argument(
        "--sla-s", type=positive, default=limits.sla_s, help="the promise in seconds (%(default)s)"
    )
    plan.add_argument(
        "--least",
        type=whole_number(0, limits.most),
        default=limits.least,
        help="environments warm through every peak (%(default)s)",
    )
    plan.add_argument("--weeks", type=whole_number(1, 52), default=4, help="weeks to simulate (%(default)s)")
    plan.add_argument(
        "--lead-minutes", type=whole_number(0, 120), default=15, help="order before a window (%(default)s)"
    )
    plan.add_argument(
        "--idle-expiry-s",
        type=positive,
        default=Platform().idle_expiry_s,
        help="assumed life of an idle environment (%(default)s)",
    )
    plan.add_argument(
        "--environment-s",
        type=positive,
        default=ENVIRONMENT_S,
        help="assumed time to make an environment (%(default)s)",
    )
    plan.add_argument(
        "--seed", type=whole_number(0, 2**31), default=1, help="of the simulated traffic (%(default)s)"
    )
    plan.add_argument(
        "--out", type=Path, default=Path("build/plan"), help="folder for plan.html and plan.png (%(default)s)"
    )
    plan.add_argument(
        "--schedule", type=Path, default=SCHEDULE, help="schedule file to write (infra/schedule.toml)"
    )
    plan.add_argument("--no-schedule", action="store_true", help="write no schedule file")
    price.add_argument("--brief", action="store_true", help="the brief's own table from its own inputs")
    price.add_argument("--free-tier", action="store_true", help="take off the free tier")
    price.add_argument(
        "--free-dashboards", action="store_true", help="take off free dashboards alone: the brief's basis"
    )
    bench = command(
        "measurements", "take over the times of make bench", "measurements --bench build/bench/bench.json"
    )
    bench.add_argument(
        "--bench", type=Path, default=Path("build/bench/bench.json"), help="results (%(default)s)"
    )
    bench.add_argument(
        "--out", type=Path, default=MEASURED, help="file to write (infra/capacity/measurements.json)"
    )
    return result


def _shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--traffic", type=Path, default=TRAFFIC, help="profile .toml, timestamps .csv, or an access log"
    )
    parser.add_argument("--time-zone", default="UTC", help="of recorded traffic (%(default)s)")
    parser.add_argument(
        "--template",
        type=Path,
        default=Path("build/cdk/prod/Nightjar-prod.template.json"),
        help="synthesised stack (%(default)s)",
    )
    parser.add_argument(
        "--measurements", type=Path, default=MEASURED, help="times of the function (the project's)"
    )
    parser.add_argument("--region", default="eu-central-1", help="whose prices (%(default)s)")
    parser.add_argument(
        "--popularity", type=positive, default=1.0, help="times the profile's volume (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print for machines")


def _sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}, wanted sizes in MB such as 512,1024") from None


_CODES = """exit codes: 0 done; 1 no schedule keeps the limits; 2 a file or value cannot be
used, with what to do; 130 or 143 stopped"""
