"""A model file changes only when the model changes."""

import io
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from model.archive import dump_estimator, write_whole
from model.estimator import build_pipeline
from model.survey import Survey


def test_bytes_depend_on_the_estimator_alone(survey: Survey) -> None:
    """Two fits on the same people give the same file."""
    files = {dump_estimator(build_pipeline().fit(survey.features, survey.target)) for _ in range(3)}

    assert len(files) == 1


def test_written_estimator_answers_as_before(survey: Survey) -> None:
    """Renaming what skops wrote changes nothing that it reads."""
    fitted = build_pipeline().fit(survey.features, survey.target)

    read = skops.io.loads(dump_estimator(fitted), trusted=["numpy.dtype"])

    np.testing.assert_array_equal(
        fitted.predict_proba(survey.features), read.predict_proba(survey.features), strict=True
    )


def test_no_time_of_day_is_written() -> None:
    """Every entry carries the same fixed date."""
    fitted = LogisticRegression().fit(np.array([[0.0], [1.0]]), [0, 1])

    entries = ZipFile(io.BytesIO(dump_estimator(fitted))).infolist()

    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}


def test_unknown_entry_is_refused() -> None:
    """What cannot be renamed safely, such as a sparse matrix, is not written at all."""
    fitted = LogisticRegression().fit(np.array([[0.0], [1.0]]), [0, 1]).sparsify()

    with pytest.raises(ValueError, match=r"npz.*adapt model\.archive"):
        dump_estimator(fitted)


def test_file_is_replaced_whole(tmp_path: Path) -> None:
    """The new content replaces the old and leaves nothing else behind."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    write_whole(path, b"new")

    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """What cannot be put in place leaves no trace."""
    path = tmp_path / "folder"
    path.mkdir()

    with pytest.raises(OSError, match="folder"):
        write_whole(path, b"new")

    assert list(tmp_path.iterdir()) == [path]
