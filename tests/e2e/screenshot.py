"""Take the README's picture of the console: a question answered, the dashboard with what it counted.

Start ``make serve`` in one terminal, and in another:

    .venv/bin/python -m tests.e2e.screenshot http://127.0.0.1:<console port>/ --out docs/console.png
"""

import argparse
import json
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from infra.local.http import request
from tests.e2e.browser import BROWSER, DRIVER, headless

WAIT_S = 60
MOST_BYTES = 200_000
COLOURS = 96

ASKED = 40
"""Requests beside the one in the form, so that the charts have something to show."""


def main(argv: list[str] | None = None) -> int:
    """Open the console, ask, wait for the charts and write the picture."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.e2e.screenshot", description=__doc__.split("\n\n")[0]
    )
    parser.add_argument("console", help="its address, as make serve prints it")
    parser.add_argument("--out", type=Path, default=Path("docs/console.png"), help="default: %(default)s")
    parser.add_argument("--artefact", type=Path, default=Path("build/model"), help="default: %(default)s")
    parser.add_argument("--width", type=int, default=1500, help="of the page (default: %(default)s)")
    parser.add_argument("--height", type=int, default=2156, help="of the window (default: %(default)s)")
    options = parser.parse_args(argv)
    if not (BROWSER and DRIVER):
        print("error: chromium and chromium-driver are wanted; make system-deps", file=sys.stderr)
        return 2
    golden = json.loads((options.artefact / "contract.json").read_text())["golden"]["rows"]
    for number in range(ASKED):
        body = json.dumps({"instances": [golden[number % len(golden)]["row"]]}).encode()
        request(f"{options.console.rstrip('/')}/api/predictions", body=body)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        headless(Path(folder), size=(options.width, options.height)) as page,
    ):
        page.get(options.console)
        page.find_element(By.CSS_SELECTOR, "#ask button[type=submit]").click()
        WebDriverWait(page, WAIT_S).until(_drawn)
        picture = Image.open(BytesIO(page.get_screenshot_as_png())).convert("RGB")
    # A page has few colours: a palette is a third of the bytes.
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(options.out, optimize=True)
    size = options.out.stat().st_size
    print(f"{options.out}  {size:,} bytes")
    return 0 if size <= MOST_BYTES else 1


def _drawn(page: Chrome) -> bool:
    """Tell whether there are an answer and charts with what was asked."""
    charts = page.find_elements(By.CSS_SELECTOR, "#widgets .main-svg")
    words = [item.text for item in page.find_elements(By.CSS_SELECTOR, "#widgets .values")]
    answered = any(item.text.endswith("%") for item in page.find_elements(By.ID, "headline"))
    return answered and bool(charts) and any("Invocations" in text for text in words)


if __name__ == "__main__":
    sys.exit(main())
