"""A headless Chromium of the system's, for the console's tests and its picture."""

__all__ = ["BROWSER", "DRIVER", "headless"]

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


@contextmanager
def headless(folder: Path, *, size: tuple[int, int] = (1280, 1600)) -> Iterator[Chrome]:
    """Run a browser for the length of the block.

    Args:
        folder: Where it keeps its files.
        size: Of its window, in pixels.
    """
    options = ChromeOptions()
    options.binary_location = BROWSER
    for argument in (
        "--headless=new",
        "--disable-dev-shm-usage",
        f"--window-size={size[0]},{size[1]}",
        "--no-proxy-server",
        "--hide-scrollbars",
        f"--user-data-dir={folder}",
    ):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium has none to offer to root
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()
