"""Chromium for the tests, without a window: its fixtures, and what they all do with a page."""

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from servers import until

ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")


class Page:
    """What is open in the browser."""

    def __init__(self, browser):
        self.browser = browser

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        """The element, once it is shown."""
        return until(lambda: next((node for node in self.all(selector) if node.is_displayed()), None), selector)

    def text(self, selector):
        return self.browser.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map((node) => node.textContent)", selector)

    def shows(self, text, selector):
        return until(lambda: any(text in found for found in self.text(selector)), f'"{text}"')

    def complaints(self):
        """What the browser complained of: policy violations, faults of ours, files that are not there."""
        return [line["message"] for line in self.browser.get_log("browser")]


def start_browser():
    """A Chromium of the caller's own, who ends it with quit()."""
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def set_screen(browser, width=360, height=740, language="en-US"):
    """Give it a screen of that size, of somebody who reads that language."""
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
    browser.execute_cdp_cmd("Emulation.setUserAgentOverride", {
        "userAgent": browser.execute_script("return navigator.userAgent"), "acceptLanguage": language})


@pytest.fixture(scope="module")
def browser():
    found = start_browser()
    yield found
    found.quit()


@pytest.fixture
def resize(browser):
    """resize(width, height, language): set_screen; a clean browser afterwards."""
    def make(*screen):
        set_screen(browser, *screen)

    yield make
    browser.execute_script("try { localStorage.clear(); sessionStorage.clear() } catch {}")
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.get("about:blank")
    browser.get_log("browser")
