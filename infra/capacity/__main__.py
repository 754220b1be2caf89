"""``make plan`` and ``make price``: traffic in, schedule and monthly price out.

Exit codes: 0 done; 1 no schedule keeps the limits; 2 a file or value cannot be used, with what to do; 130 or 143
stopped. Nothing is written unless the plan is complete.

Example:
    python -m infra.capacity plan --template build/cdk/prod/Nightjar-prod.template.json
    python -m infra.capacity plan --traffic access.log --time-zone Europe/Berlin --cold-share 0.0005 --no-schedule
    python -m infra.capacity price --template build/cdk/prod/Nightjar-prod.template.json
    python -m infra.capacity price --brief
    python -m infra.capacity measurements --bench build/bench/bench.json
"""

__all__ = ["main"]

import json
import sys
from typing import TYPE_CHECKING, Any

from function.errors import NightjarError
from infra.capacity.arrivals import profile_of, read_timestamps
from infra.capacity.bill import bill_of
from infra.capacity.brief import BRIEF
from infra.capacity.errors import NoPlanError
from infra.capacity.estimate import usage_of
from infra.capacity.measurements import dump_measurements, load_measurements
from infra.capacity.options import parser
from infra.capacity.orders import capacity_of
from infra.capacity.picture import write_pictures
from infra.capacity.plan import make_plan
from infra.capacity.question import Question
from infra.capacity.report import bill_table, plan_as_dict, plan_table
from infra.capacity.search import Limits
from infra.capacity.template import load_template
from infra.capacity.traffic import load_profile
from infra.commandline import refuse
from infra.files import write_whole
from infra.prices import load_prices
from infra.schedule import save

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from infra.capacity.traffic import Profile


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run a command and return its exit code."""
    options = parser(__doc__).parse_args(argv)
    try:
        return _COMMANDS[options.command](options)
    except NoPlanError as error:
        refuse(error)
        return 1
    except NightjarError as error:
        refuse(error)
        return 2
    except OSError as error:
        refuse(f"cannot write {error.filename}: {error.strerror}")
        return 2
    except KeyboardInterrupt:
        return 130


def _plan(options: "argparse.Namespace") -> int:
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
            start_s=options.start_s,
            least=options.least,
        ),
        memory_mb=options.memory_mb or tuple(sorted(measurements.by_memory)),
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


def _price(options: "argparse.Namespace") -> int:
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


def _measurements(options: "argparse.Namespace") -> int:
    measurements = load_measurements(options.bench)
    write_whole(options.out, dump_measurements(measurements))
    print(
        f"written {options.out}: {measurements.origin}, {', '.join(map(str, sorted(measurements.by_memory)))} MB"
    )
    return 0


def _profile(options: "argparse.Namespace") -> "Profile":
    if options.traffic.suffix == ".toml":
        return load_profile(options.traffic)
    arrivals = read_timestamps(options.traffic, time_zone=options.time_zone)
    return profile_of(arrivals, time_zone=options.time_zone)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


_COMMANDS = {"plan": _plan, "price": _price, "measurements": _measurements}

if __name__ == "__main__":
    sys.exit(main())
