"""An open load, for Locust: each request is sent at its moment, whatever has become of those before.

``python -m loadtests.gate --shape day`` starts it and judges what it records.
"""

from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import gevent
from gevent.pool import Group
from locust import task
from locust.user.task import LOCUST_STATE_RUNNING

from loadtests.asking import SEED, Asker, hooks
from loadtests.shapes import read_moments
from loadtests.watch import Watch

_BEGIN_S = 0.2
"""Until the first moment may be: the first greenlets are slower than the rest."""

_LOOK_S = 0.25


def _add_arguments(parser: Any) -> None:
    parser.add_argument("--moments", required=True, help="file with a moment to send at on each line")
    parser.add_argument(
        "--until-s", type=float, default=0.0, help="end when a response takes longer; 0 goes on"
    )
    parser.add_argument(
        "--until-p99-s", type=float, default=0.0, help="end when a step's p99 is above; 0 goes on"
    )
    parser.add_argument(
        "--step-s", type=float, default=0.0, help="length of the steps that --until-p99-s looks at"
    )


def _prepare(environment: Any, **_: Any) -> None:
    environment.nightjar_moments = read_moments(Path(environment.parsed_options.moments))
    # Locust's default of ten connections would make later requests wait for earlier ones.
    Crowd.concurrency = max(1, len(environment.nightjar_moments))


class Crowd(Asker):
    """Many people who know nothing of one another."""

    fixed_count = 1

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        options = environment.parsed_options
        self._moments: list[float] = environment.nightjar_moments
        self._watch = None
        if options.step_s:
            self._watch = Watch(sla_s=options.until_s, p99_s=options.until_p99_s, step_s=options.step_s)

    @task
    def replay(self) -> None:
        """Send everything, wait for the answers, and end the test."""
        random = Random(SEED)  # noqa: S311 - to be repeatable
        requests = Group()
        began_s = perf_counter() + _BEGIN_S
        for due_s in self._moments:
            if not self._wait(began_s, due_s):
                break
            requests.spawn(self._ask_one, self._known.draw(random), began_s, due_s)
        requests.join()
        # It waits for its users' tasks, of which this is one.
        gevent.spawn(self.environment.runner.quit)

    def _wait(self, began_s: float, due_s: float) -> bool:
        """Wait for a moment; False when the test is over before it."""
        while True:
            wait_s = began_s + due_s - perf_counter()
            over = self._watch is not None and self._watch.is_over(perf_counter() - began_s)
            if over or self._state != LOCUST_STATE_RUNNING:
                return False
            if wait_s <= 0:
                return True
            gevent.sleep(min(wait_s, _LOOK_S))

    def _ask_one(self, cases: Any, began_s: float, due_s: float) -> None:
        now_s = perf_counter() - began_s
        if self._watch is None:
            self.ask(cases, due_s=due_s, late_s=max(0.0, now_s - due_s))
            return
        key = self._watch.sent(now_s, due_s)
        sample = self.ask(cases, due_s=due_s, late_s=max(0.0, now_s - due_s))
        self._watch.ended(key, elapsed_s=sample.elapsed_s, faulty=sample.fault is not None)


hooks.init_command_line_parser.add_listener(_add_arguments)
hooks.init.add_listener(_prepare)
