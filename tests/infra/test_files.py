"""A file is written whole or stays as it was."""

from pathlib import Path

import pytest

from infra.files import write_whole


def test_text_and_bytes_replace_what_was_there(tmp_path: Path) -> None:
    """In a folder that is made; nothing else is left in it."""
    path = tmp_path / "new/file"
    assert write_whole(path, "größer") == path
    assert path.read_text(encoding="utf-8") == "größer"
    write_whole(path, b"\x00")
    assert path.read_bytes() == b"\x00"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, say."""
    path = write_whole(tmp_path / "file", "old")

    def fail(self: Path, _: bytes) -> int:
        self.touch()
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="no space left"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
