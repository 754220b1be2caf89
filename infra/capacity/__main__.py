"""``make plan`` and ``make price``: traffic in, schedule and monthly price out.

Exit codes: 0 done; 1 no schedule keeps the limits; 2 a file or value cannot be used, with what to do; 130 or 143
stopped. Nothing is written unless the plan is complete.

Examples:
    python -m infra.capacity plan --template build/cdk/prod/Nightjar-prod.template.json
    python -m infra.capacity plan --traffic access.log --time-zone Europe/Berlin --cold-share 0.0005 --no-schedule
    python -m infra.capacity price --template build/cdk/prod/Nightjar-prod.template.json
    python -m infra.capacity price --brief
    python -m infra.capacity measurements --bench build/bench/bench.json
"""

__all__ = ["main"]

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from function.errors import NightjarError
from infra.capacity.arrivals import profile_of, read_timestamps
from infra.capacity.bill import bill_of
from infra.capacity.brief import BRIEF
from infra.capacity.errors import NoPlanError
from infra.capacity.estimate import usage_of
from infra.capacity.measurements import MEASURED, dump_measurements, load_measurements
from infra.capacity.orders import capacity_of
from infra.capacity.picture import write_pictures
from infra.capacity.plan import Question, make_plan
from infra.capacity.report import bill_table, plan_as_dict, plan_table
from infra.capacity.search import Limits
from infra.capacity.template import load_template
from infra.capacity.traffic import load_profile
from infra.prices import load_prices
from infra.schedule import save

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.capacity.traffic import Profile

TRAFFIC = Path(__file__).with_name("traffic.toml")
SCHEDULE = Path(__file__).parent.parent / "schedule.toml"


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run a command and return its exit code."""
    options = _parser().parse_args(argv)
    try:
        return int(options.run(options))
    except NoPlanError as error:
        print(f"infra.capacity: {error}", file=sys.stderr)
        return 1
    except NightjarError as error:
        print(f"infra.capacity: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _plan(options: argparse.Namespace) -> int:
    measurements = load_measurements(options.measurements)
    stack = load_template(options.template)
    question = Question(
        profile=_profile(options),
        measurements=measurements,
        stack=stack,
        prices=load_prices(options.region),
        limits=Limits(
            cold_share=options.cold_share,
            late_share=options.late_share,
            sla_s=options.sla_s,
            least=options.least,
        ),
        memory_mb=options.memory or tuple(sorted(measurements.by_memory)),
        popularity=options.popularity,
        weeks=options.weeks,
        lead_minutes=options.lead_minutes,
        environment_s=options.environment_s,
        idle_expiry_s=options.idle_expiry_s,
        seed=options.seed,
    )
    plan = make_plan(question, progress=_say)
    pictures = write_pictures(plan, options.out)
    if not options.no_schedule:
        save(plan.schedule, options.schedule)
    print(json.dumps(plan_as_dict(plan), indent=1) if options.json else plan_table(plan))
    for path in (*pictures, *([] if options.no_schedule else [options.schedule])):
        _say(f"written {path}")
    return 0


def _price(options: argparse.Namespace) -> int:
    prices = load_prices(options.region)
    if options.brief:
        usage, title = BRIEF, "The brief's month"
    else:
        stack = load_template(options.template)
        question = Question(
            profile=_profile(options),
            measurements=load_measurements(options.measurements),
            stack=stack,
            prices=prices,
            limits=Limits(),
            memory_mb=(stack.memory_mb,),
            popularity=options.popularity,
        )
        workload = question.workload(stack.memory_mb)
        capacity = capacity_of(stack.orders, weeks=question.weeks, target=stack.target)
        run = workload.run(capacity, question.platform)
        usage = usage_of(workload, run, stack, prices, memory_mb=stack.memory_mb)
        title = f"A month of {options.template.name} with {options.traffic.name}"
    bill = bill_of(usage, prices, free_tier=options.free_tier, free_dashboards=options.free_dashboards)
    if options.json:
        lines: list[dict[str, Any]] = [
            {
                "service": line.service,
                "item": line.item,
                "quantity": line.quantity,
                "unit": line.unit,
                "usd": line.usd,
            }
            for line in bill.lines
        ]
        print(json.dumps({"basis": bill.basis, "lines": lines, "usd": bill.usd}, indent=1))
    else:
        print(bill_table(bill, title=title))
        print(f"  list prices of {prices.region}, {prices.date}, without tax")
    return 0


def _measurements(options: argparse.Namespace) -> int:
    measurements = load_measurements(options.bench)
    half = options.out.with_name(f".{options.out.name}.new")
    half.write_text(dump_measurements(measurements), encoding="utf-8")
    half.replace(options.out)
    print(
        f"written {options.out}: {measurements.origin}, {', '.join(map(str, sorted(measurements.by_memory)))} MB"
    )
    return 0


def _profile(options: argparse.Namespace) -> "Profile":
    if options.traffic.suffix == ".toml":
        return load_profile(options.traffic)
    arrivals = read_timestamps(options.traffic, time_zone=options.time_zone)
    return profile_of(arrivals, time_zone=options.time_zone)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    summary, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m infra.capacity",
        description=summary,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    plan = commands.add_parser(
        "plan", help="traffic in; schedule, memory, price and pictures out", allow_abbrev=False
    )
    price = commands.add_parser(
        "price", help="the monthly price of a template, or of the brief", allow_abbrev=False
    )
    for command in (plan, price):
        _shared(command)
    plan.set_defaults(run=_plan)
    plan.add_argument(
        "--memory", type=_sizes, help="sizes in MB to choose from, parted by commas (default: all measured)"
    )
    plan.add_argument(
        "--cold-share",
        type=_share,
        default=0.002,
        help="largest share of cold starts in each peak (%(default)s)",
    )
    plan.add_argument(
        "--late-share", type=_share, default=0.0001, help="largest share later than the SLA (%(default)s)"
    )
    plan.add_argument("--sla-s", type=_positive, default=10.0, help="the promise in seconds (%(default)s)")
    plan.add_argument(
        "--least", type=_whole(0, 100), default=1, help="environments warm through every peak (%(default)s)"
    )
    plan.add_argument("--weeks", type=_whole(1, 52), default=4, help="weeks to simulate (%(default)s)")
    plan.add_argument(
        "--lead-minutes", type=_whole(0, 120), default=15, help="order before a window (%(default)s)"
    )
    plan.add_argument(
        "--idle-expiry-s",
        type=_positive,
        default=300.0,
        help="assumed life of an idle environment (%(default)s)",
    )
    plan.add_argument(
        "--environment-s",
        type=_positive,
        default=0.5,
        help="assumed time to make an environment (%(default)s)",
    )
    plan.add_argument(
        "--seed", type=_whole(0, 2**31), default=1, help="of the simulated traffic (%(default)s)"
    )
    plan.add_argument(
        "--out", type=Path, default=Path("build/plan"), help="folder for plan.html and plan.png (%(default)s)"
    )
    plan.add_argument(
        "--schedule", type=Path, default=SCHEDULE, help="schedule file to write (infra/schedule.toml)"
    )
    plan.add_argument("--no-schedule", action="store_true", help="write no schedule file")
    price.set_defaults(run=_price)
    price.add_argument("--brief", action="store_true", help="the brief's own table from its own inputs")
    price.add_argument("--free-tier", action="store_true", help="take off the free tier")
    price.add_argument(
        "--free-dashboards", action="store_true", help="take off free dashboards alone: the brief's basis"
    )
    bench = commands.add_parser("measurements", help="take over the times of make bench", allow_abbrev=False)
    bench.set_defaults(run=_measurements)
    bench.add_argument(
        "--bench", type=Path, default=Path("build/bench/bench.json"), help="results (%(default)s)"
    )
    bench.add_argument(
        "--out", type=Path, default=MEASURED, help="file to write (infra/capacity/measurements.json)"
    )
    return parser


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
        "--popularity", type=_positive, default=1.0, help="times the profile's volume (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print for machines")


def _sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}, wanted sizes in MB such as 512,1024") from None


def _share(text: str) -> float:
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}, wanted a share from 0 to 1")
    return value


def _positive(text: str) -> float:
    value = _number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r}, wanted a number above 0")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}, wanted a number") from None


def _whole(low: int, high: int) -> Any:
    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r}, wanted a whole number from {low} to {high}")
        return int(text)

    return read


if __name__ == "__main__":
    sys.exit(main())
