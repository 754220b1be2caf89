"""What stands at the beginning and at the end of an estimator, however many pipelines it is wrapped in."""

__all__ = ["before_last", "first_step", "last_step"]

from typing import Any

from sklearn.pipeline import Pipeline


def first_step(estimator: Any) -> Any:
    """Return what takes the columns: a pipeline's first step, or the estimator itself."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[0][1]
    return estimator


def last_step(estimator: Any) -> Any:
    """Return what answers: a pipeline's last step, or the estimator itself."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    return estimator


def before_last(estimator: Any) -> Pipeline | None:
    """Return all that stands before :func:`last_step` as one fitted pipeline; None if nothing does."""
    steps: list[Any] = []
    while isinstance(estimator, Pipeline):
        steps += [step for _, step in estimator.steps[:-1]]
        estimator = estimator.steps[-1][1]
    return Pipeline([(str(at), step) for at, step in enumerate(steps)]) if steps else None
