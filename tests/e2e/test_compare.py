"""``make compare`` from measuring to the verdict, on the emulator."""

import json
from pathlib import Path

import pytest

from infra.bundle import Bundle
from loadtests.compare import main
from loadtests.traffic import PROFILE

pytestmark = pytest.mark.e2e


@pytest.mark.long
def test_predicted_stands_beside_measured_and_the_exit_code_is_their_agreement(
    real_bundle: Bundle, artefact: Path, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether they agree is this machine's matter: it may do much else while it tests."""
    code = main(
        [
            *(
                "--minutes",
                "0.2",
                "--requests",
                "60",
                "--cold-share",
                "0.02",
                "--traffic",
                str(root / PROFILE),
            ),
            *("--bundle", str(real_bundle.path), "--artefact", str(artefact)),
            *("--data", str(root / "model/data/yrbss.csv"), "--summary", str(tmp_path / "c.json")),
        ]
    )
    summary = json.loads((tmp_path / "c.json").read_text())
    assert code == (not summary["agrees"])
    assert summary["environments"] >= 1
    lines = {line["name"]: line for line in summary["lines"]}
    assert list(lines) == ["cold starts, %", "p50, ms", "p99, ms", "most at once"]
    assert lines["cold starts, %"]["predicted"] <= 2
    assert all(line["measured"] >= 0 for line in lines.values())
    assert summary["agrees"] == (all(line["agrees"] for line in lines.values()) and not summary["problems"])
    written = capsys.readouterr()
    assert "predicted    measured" in written.out
    assert [line[:6] for line in written.err.splitlines() if " of 4 " in line] == [
        f"{step} of 4" for step in range(1, 5)
    ]


def test_without_a_bundle_nothing_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The way out is named."""
    assert main(["--bundle", str(tmp_path / "nowhere")]) == 2
    assert "nowhere is missing; make it with make bundle" in capsys.readouterr().err
