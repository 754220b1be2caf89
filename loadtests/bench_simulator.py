"""The simulator beside ``simfaas``: the same workload, the same cold-start probability, and the ratio of their speed.

The workload is that of simfaas's own documentation: Poisson arrivals, exponential service, ten minutes until an idle
environment expires. Both are run from empty, several times with other random numbers; the cold-start probabilities
are compared by Welch's interval over the runs. With ``--month`` a month of 20 million requests is drawn and simulated
as well. Times are processor time of this process, taken in turn; compilation is not counted.

Exit codes: 0 compared; 1 the probabilities differ; 2 simfaas is not installed.

Example:
    python -m loadtests.bench_simulator --runs 8 --seconds 20000 --month
"""

__all__ = ["Compared", "compare", "main"]

import json
import sys
import time
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path
from statistics import mean, variance
from typing import TYPE_CHECKING

import numpy as np

from infra.capacity.arrivals import WEEK_S, draw
from infra.capacity.simulate import COLD, Capacity, Platform, simulate
from infra.capacity.traffic import load_profile
from infra.commandline import parser_of, positive, refuse, whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

ARRIVALS_PER_S, WARM_S, COLD_S, EXPIRY_S = 0.9, 1.991, 2.244, 600.0
"""Source: simfaas 0.2.2, its README's example."""

_Z = 2.576
"""Two-sided 99 % of a normal distribution."""

_MONTH_REQUESTS = 20_000_000
_NEVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of it.

    Attributes:
        requests: Simulated by simfaas.
        own_cold: Our cold-start probability, mean of the runs.
        rival_cold: That of simfaas.
        interval: Half of the difference's 99 % confidence interval.
        own_us: Our time per request, drawing included, in µs.
        rival_us: That of simfaas.
    """

    requests: int
    own_cold: float
    rival_cold: float
    interval: float
    own_us: float
    rival_us: float

    @property
    def agree(self) -> bool:
        """Whether the difference is within its interval."""
        return abs(self.own_cold - self.rival_cold) <= self.interval

    @property
    def ratio(self) -> float:
        """How many times as quick ours is."""
        return self.rival_us / self.own_us


def compare(*, runs: int, seconds: float, seed: int = 1) -> Compared:
    """Run both in turn.

    Args:
        runs: Of each; at least two.
        seconds: Simulated in each run.
        seed: Of ours and of numpy's global generator, which simfaas draws from.

    Raises:
        ImportError: simfaas is not installed.
    """
    _own(np.random.default_rng(0), 100.0)  # compiled or loaded here
    np.random.seed(seed)
    own, rival = [], []
    for run in range(runs):
        rival.append(_rival(seconds))
        own.append(_own(np.random.default_rng((seed, run)), seconds))
    shares = [[cold / requests for cold, requests, _ in group] for group in (own, rival)]
    error = sqrt(sum(variance(group) / runs for group in shares))
    own_us, rival_us = (
        sum(item[2] for item in group) / sum(item[1] for item in group) * 1e6 for group in (own, rival)
    )
    return Compared(
        requests=sum(item[1] for item in rival),
        own_cold=mean(shares[0]),
        rival_cold=mean(shares[1]),
        interval=_Z * error,
        own_us=own_us,
        rival_us=rival_us,
    )


def month(requests: int = _MONTH_REQUESTS) -> tuple[int, float, float]:
    """Draw and simulate a month of the example's traffic at a popularity that gives so many requests.

    Returns:
        Requests, seconds to draw them and their service times, seconds to simulate.
    """
    profile = load_profile(Path(__file__).parent.parent / "infra/capacity/traffic.toml")
    weeks = 4
    began = time.process_time()
    per_week = profile.week_per_s.sum() * 300
    arrivals = draw(profile, weeks=weeks, multiplier=requests / (per_week * weeks), seed=1)
    generator = np.random.default_rng(2)
    service = (0.003 * generator.standard_exponential(arrivals.size, np.float32)).astype(np.float32)
    drawn = time.process_time()
    simulate(
        arrivals,
        service_s=service,
        start_s=np.array([0.9], np.float32),
        capacity=Capacity.constant(5),
        platform=Platform(),
        horizon_s=float(weeks * WEEK_S),
    )
    return arrivals.size, drawn - began, time.process_time() - drawn


def _own(generator: "np.random.Generator", seconds: float) -> tuple[int, int, float]:
    """Return cold starts, requests and the time that they took."""
    began = time.process_time()
    count = generator.poisson(ARRIVALS_PER_S * seconds)
    arrivals = np.sort(generator.uniform(0, seconds, count))
    run = simulate(
        arrivals,
        service_s=generator.exponential(WARM_S, count).astype(np.float32),
        start_s=generator.exponential(COLD_S, 10_007).astype(np.float32),
        capacity=Capacity.none(),
        platform=Platform(
            idle_expiry_s=EXPIRY_S,
            function_timeout_s=_NEVER,
            gateway_timeout_s=_NEVER,
            concurrency_limit=1000,
        ),
        horizon_s=seconds,
    )
    return int((run.kind == COLD).sum()), int(count), time.process_time() - began


def _rival(seconds: float) -> tuple[int, int, float]:
    """Return the same of simfaas."""
    from simfaas.ServerlessSimulator import ServerlessSimulator

    began = time.process_time()
    simulator = ServerlessSimulator(
        arrival_rate=ARRIVALS_PER_S,
        warm_service_rate=1 / WARM_S,
        cold_service_rate=1 / COLD_S,
        expiration_threshold=EXPIRY_S,
        max_time=seconds,
    )
    simulator.generate_trace()
    return simulator.total_cold_count, simulator.total_req_count, time.process_time() - began


def main(argv: "Sequence[str] | None" = None) -> int:
    """Compare and print."""
    parser = parser_of("loadtests.bench_simulator", __doc__)
    parser.add_argument("--runs", type=whole_number(2), default=8, help="of each (default: %(default)s)")
    parser.add_argument(
        "--seconds", type=positive, default=20_000, help="simulated in each (default: %(default)s)"
    )
    parser.add_argument("--month", action="store_true", help="a month of 20 million requests as well")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(argv)
    try:
        found = compare(runs=options.runs, seconds=options.seconds)
    except ImportError as error:
        refuse(f"{error}; it is in the group dev: make setup")
        return 2
    whole = month() if options.month else None
    if options.json:
        print(
            json.dumps(
                {**asdict(found), "ratio": found.ratio, "agree": found.agree, "month": whole}, indent=1
            )
        )
    else:
        print(f"{found.requests:,} requests in {options.runs} runs of each")
        print(f"{'':<10}{'cold starts':>14}{'µs a request':>16}")
        print(f"{'ours':<10}{found.own_cold:>14.4%}{found.own_us:>16.3f}")
        print(f"{'simfaas':<10}{found.rival_cold:>14.4%}{found.rival_us:>16.3f}")
        print(
            f"difference {abs(found.own_cold - found.rival_cold):.4%}, its 99 % interval ±{found.interval:.4%}: "
            f"{'they agree' if found.agree else 'THEY DIFFER'}; {found.ratio:,.0f} times as quick"
        )
        if whole:
            print(
                f"{whole[0]:,} requests of a month: {whole[1]:.2f} s of a core to draw, {whole[2]:.2f} to simulate"
            )
    return 0 if found.agree else 1


if __name__ == "__main__":
    sys.exit(main())
