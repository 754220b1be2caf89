"""The README's pictures are there, small, and readable by everybody."""

import re
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
MOST_BYTES = 200_000
SVG = "{http://www.w3.org/2000/svg}"


def pictures() -> dict[str, str]:
    """Return file → words for those who do not see it."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return {file: words for words, file in re.findall(r"!\[(.*?)\]\((.*?)\)", text)}


def test_each_picture_is_there_small_and_described() -> None:
    """Of the repository, never of another site."""
    found = pictures()
    assert {"docs/architecture.svg", "docs/console.png"} <= found.keys()
    for file, words in found.items():
        assert (ROOT / file).stat().st_size <= MOST_BYTES
        assert len(words.split()) >= 5


def test_the_architecture_is_readable_in_the_dark_and_aloud() -> None:
    """Colours for both schemes; a title and a description; nothing is loaded from elsewhere."""
    file = ROOT / "docs/architecture.svg"
    drawn = ElementTree.parse(file).getroot()
    assert drawn.findtext(f"{SVG}title")
    assert len((drawn.findtext(f"{SVG}desc") or "").split()) > 20
    assert "prefers-color-scheme: dark" in (drawn.findtext(f"{SVG}style") or "")
    text = file.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"' <]+", text)) == {"http://www.w3.org/2000/svg"}
