"""A headless Chromium for the tests of the web page."""

import shutil
import time
from contextlib import contextmanager

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")


class Page:
    """The web page of a server in a browser.

    Args:
        driver: the browser.
    """

    def __init__(self, driver):
        self.driver = driver

    def run(self, script):
        """Return the value of an expression of JavaScript."""
        return self.driver.execute_script(f"return {script}")

    def wait(self, script, seconds=60):
        """Wait until an expression of JavaScript is true, and return its value."""
        deadline = time.monotonic() + seconds
        while not (value := self.run(script)):
            assert time.monotonic() < deadline, (script, self.text("status"), self.text("message"))
            time.sleep(0.05)
        return value

    def find(self, selector):
        """Return all elements of a CSS selector."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, identifier):
        """Return the text of an element, also if it is hidden."""
        return self.run(f"document.getElementById({identifier!r}).textContent")

    def is_shown(self, identifier):
        """Return whether an element is shown."""
        return self.driver.find_element(By.ID, identifier).is_displayed()

    def send(self, path):
        """Choose a file, and wait for its result or a problem."""
        self.driver.find_element(By.ID, "file").send_keys(str(path))
        self.wait("!byId('result').hidden || !byId('problem').hidden")

    def errors(self):
        """Return the messages of the console, such as violations of the security policy."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@contextmanager
def open_page(address, *, width=1100, dark=False):
    """Open a page, and wait until it accepts files; skip the test without Chromium.

    Args:
        address: the address of the server.
        width: the width of the window in pixels.
        dark: whether the user prefers dark colors.
    """
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (*ARGUMENTS, f"--window-size={width},900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        if dark:
            feature = {"name": "prefers-color-scheme", "value": "dark"}
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        driver.get(str(address))
        page = Page(driver)
        page.wait("!byId('input').hidden")
        yield page
    finally:
        driver.quit()
