"""The console in a real browser, against the deployed API: ask, read, change an answer, be told what is wrong."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from function.contract import Contract
from infra.bundle import Bundle
from infra.local.console.app import create_app
from infra.local.console.preview import Preview
from infra.local.console.server import serving
from infra.local.deployment import LocalDeployment, local_deployment
from infra.local.http import request
from tests.e2e.browser import BROWSER, DRIVER, headless

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not (BROWSER and DRIVER), reason="chromium and chromium-driver are not installed"),
]

WAIT_S = 20
LABELLED = """
return [...document.querySelectorAll('input, select, textarea')].filter(c => !c.labels.length).map(c => c.name)
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A headless Chromium that keeps its files in a folder of its own."""
    with headless(tmp_path_factory.mktemp("browser")) as driver:
        yield driver


@pytest.fixture(scope="module")
def deployment(real_bundle: Bundle) -> Iterator[LocalDeployment]:
    """A service that nobody else asks: its alarms are about these tests alone."""
    with local_deployment(bundle=real_bundle.path) as running:
        yield running


@pytest.fixture
def page(browser: Chrome, deployment: LocalDeployment, contract: Contract) -> Iterator[Chrome]:
    """The console's page, opened; nothing may have gone wrong in it by the end."""
    preview = Preview(deployment.emulator, deployment.outputs)
    app = create_app(
        contract=contract,
        api_url=deployment.base_url,
        dashboard=preview.document,
        observe=preview.observe,
    )
    with serving(app) as url:
        browser.get(url)
        yield browser
        errors = [entry for entry in browser.get_log("browser") if "422" not in entry["message"]]
        browser.get("about:blank")
    assert errors == []


@pytest.fixture
def headline(page: Chrome) -> Callable[..., str]:
    """Return a function that waits for a headline other than a given one."""

    def read(other_than: str = "") -> str:
        def found(driver: Chrome) -> str | bool:
            texts = [item.text for item in driver.find_elements(By.ID, "headline")]
            return texts[0] if texts and texts[0] != other_than else False

        return str(
            WebDriverWait(page, WAIT_S, ignored_exceptions=[StaleElementReferenceException]).until(found)
        )

    return read


def test_the_example_is_predicted_as_the_api_predicts_it(
    page: Chrome, headline: Callable[..., str], contract: Contract
) -> None:
    """The printed command gives the answer that the page shows."""
    page.find_element(By.CSS_SELECTOR, "#ask button[type=submit]").click()
    shown = headline()
    raw = {
        name: page.find_element(By.ID, name).get_attribute("textContent") or ""
        for name in ("request", "response", "curl")
    }
    (row,) = json.loads(raw["request"])["instances"]
    assert row == {feature.name: feature.example for feature in contract.features}
    (prediction,) = json.loads(raw["response"])["predictions"]
    assert shown == f"{100 * prediction['probability']:.1f} %"
    text = page.find_element(By.ID, "result").text
    assert f"In the training data: {100 * (contract.outputs.base_rate or 0):.1f} %" in text
    assert all(piece["text"] in text for piece in prediction["advice"])
    if shutil.which("curl"):
        done = subprocess.run(["sh", "-c", raw["curl"]], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["predictions"] == [prediction]


def test_a_changed_answer_moves_the_prediction(page: Chrome, headline: Callable[..., str]) -> None:
    """Without another press of the button, and back again."""
    page.find_element(By.CSS_SELECTOR, "#ask button[type=submit]").click()
    first = headline()
    Select(page.find_element(By.NAME, "text_while_driving_30d")).select_by_value("0")
    second = headline(other_than=first)
    assert float(second.split()[0]) > float(first.split()[0])
    page.find_element(By.CSS_SELECTOR, "#ask button[type=reset]").click()
    assert headline(other_than=second) == first


def test_a_refused_answer_is_marked_at_its_question(page: Chrome, headline: Callable[..., str]) -> None:
    """With the API's own words, where a screen reader finds them."""
    age = page.find_element(By.NAME, "age")
    age.clear()
    age.send_keys("99")
    page.find_element(By.CSS_SELECTOR, "#ask button[type=submit]").click()
    assert headline().startswith("422")
    assert age.get_attribute("aria-invalid") == "true"
    (described,) = [
        page.find_element(By.ID, name).text
        for name in (age.get_attribute("aria-describedby") or "").split()
        if name.startswith("e")
    ]
    assert "wanted a whole number from 12 to 18" in described
    age.clear()
    age.send_keys("15")
    page.find_element(By.CSS_SELECTOR, "#ask button[type=submit]").click()
    WebDriverWait(page, WAIT_S).until(lambda _: age.get_attribute("aria-invalid") is None)


def test_an_open_question_is_sent_as_null(page: Chrome, headline: Callable[..., str]) -> None:
    """Numbers by an empty field, choices by their own word for it."""
    page.find_element(By.NAME, "height").clear()
    Select(page.find_element(By.NAME, "gender")).select_by_visible_text("no answer")
    page.find_element(By.CSS_SELECTOR, "#ask button[type=submit]").click()
    assert headline().endswith("%")
    (row,) = json.loads(page.find_element(By.ID, "request").get_attribute("textContent") or "")["instances"]
    assert (row["height"], row["gender"]) == (None, None)


def shown(page: Chrome, title: str) -> str:
    """Return what a widget of the dashboard says in words."""
    path = f"//article[h3={title!r}]/p[contains(@class, 'values')]"
    found = page.find_elements(By.XPATH, path)
    return found[0].text if found else ""


def test_the_dashboards_widgets_are_the_deployed_ones(page: Chrome, deployment: LocalDeployment) -> None:
    """In the same order, each with a chart; what has no source here says so."""
    name = deployment.outputs["DashboardName"]
    body = deployment.emulator.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]
    wanted = [item["properties"]["title"] for item in json.loads(body)["widgets"]]
    WebDriverWait(page, WAIT_S).until(lambda driver: len(driver.find_elements(By.CLASS_NAME, "main-svg")) > 0)
    assert [item.text for item in page.find_elements(By.CSS_SELECTOR, "#widgets h3")] == wanted
    assert len(page.find_elements(By.CSS_SELECTOR, "#widgets .js-plotly-plot")) == len(wanted)
    note = page.find_element(By.XPATH, "//article[h3='Initialisation time']").text
    assert "the emulator has no provisioned concurrency" in note


def test_the_invocations_rise_and_an_alarm_turns(
    page: Chrome, headline: Callable[..., str], contract: Contract
) -> None:
    """A question asked here is counted; callers whom the model rates high trip the alarm on the mean probability."""

    def invocations(driver: Chrome) -> float:
        words = shown(driver, "Invocations and errors").partition("Invocations ")[2]
        return float(words.split(";")[0].replace(",", "")) if words else 0.0

    wait = WebDriverWait(page, WAIT_S, ignored_exceptions=[StaleElementReferenceException])
    wait.until(lambda driver: "No data" in shown(driver, "Invocations and errors") or invocations(driver))
    before = invocations(page)
    page.find_element(By.CSS_SELECTOR, "#ask button[type=submit]").click()
    assert headline().endswith("%")
    wait.until(lambda driver: invocations(driver) > before)
    alarm = (By.CSS_SELECTOR, "#alarms li[data-name$='probability-high']")
    assert page.find_element(*alarm).get_attribute("data-state") != "ALARM"
    positive = contract.outputs.positive or 0
    highest = max(contract.golden.rows, key=lambda row: row.scores[positive])
    body = json.dumps({"instances": [highest.row] * 100}).encode()
    for _ in range(5):
        answer = request(page.current_url + "api/predictions", body=body)
        assert answer is not None
        assert answer.status == 200
    wait.until(lambda driver: driver.find_element(*alarm).get_attribute("data-state") == "ALARM")


def test_every_control_has_a_label_and_both_colour_schemes_are_readable(page: Chrome) -> None:
    """Contrast of text on its ground is at least 4.5 : 1. Source: WCAG 2.2, success criterion 1.4.3."""
    assert page.execute_script(LABELLED) == []
    for scheme in ("light", "dark"):
        page.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )
        style = (
            "const s = getComputedStyle(document.documentElement); return s.getPropertyValue(arguments[0])"
        )
        colours = {
            name: page.execute_script(style, f"--{name}").strip() for name in ("ground", "card", "ink")
        }
        quiet = page.execute_script(style, "--quiet").strip()
        accents = [page.execute_script(style, f"--{name}").strip() for name in ("accent", "on-accent")]
        pairs = [(ink, colours[ground]) for ink in (colours["ink"], quiet) for ground in ("ground", "card")]
        assert min(_contrast(*pair) for pair in [*pairs, (accents[0], accents[1])]) >= 4.5, scheme
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def _contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two ``#rrggbb`` colours. Source: WCAG 2.2, "contrast ratio"."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
