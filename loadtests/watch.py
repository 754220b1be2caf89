"""When a ramp has gone far enough: asked while it runs, so it must be quick.

It only ends the sending. What broke, and where, is judged afterwards from everything that was recorded.
"""

__all__ = ["Watch"]

from collections import Counter

_FEW = 100
"""Requests of a step before a hundredth of them means anything."""


class Watch:
    """Counts, step by step, the requests that took longer than the target or have waited longer already.

    Args:
        sla_s: No response may take longer.
        p99_s: No step may have more than a hundredth of its responses take longer.
        step_s: Length of a step.
    """

    def __init__(self, *, sla_s: float, p99_s: float, step_s: float) -> None:
        self._sla_s, self._p99_s, self._step_s = sla_s, p99_s, step_s
        self._broken = False
        self._sent: Counter[int] = Counter()
        self._slow: Counter[int] = Counter()
        self._waiting: dict[int, tuple[float, int]] = {}  # in the order in which they were sent
        self._next = 0

    def sent(self, now_s: float, due_s: float) -> int:
        """Count a request and return its number."""
        number, self._next = self._next, self._next + 1
        step = int(due_s / self._step_s)
        self._sent[step] += 1
        self._waiting[number] = now_s, step
        return number

    def ended(self, number: int, *, elapsed_s: float, faulty: bool) -> None:
        """Count an answer, or the lack of one."""
        _, step = self._waiting.pop(number)
        self._slow[step] += elapsed_s > self._p99_s
        self._broken |= faulty or not elapsed_s <= self._sla_s

    def is_over(self, now_s: float) -> bool:
        """Tell whether some step cannot be held any more."""
        if self._broken:
            return True
        slow = self._slow.copy()
        for sent_s, step in self._waiting.values():
            if now_s - sent_s > self._sla_s:
                return True
            if now_s - sent_s <= self._p99_s:
                break  # those after it were sent later
            slow[step] += 1
        running = int(now_s / self._step_s)
        # More than a hundredth of a step's requests: the smallest value that 99 % do not exceed is above the target.
        return any(
            count * 100 > self._sent[step] and (step < running or self._sent[step] >= _FEW)
            for step, count in slow.items()
        )
