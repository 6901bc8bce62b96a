"""The payment window in the hands of tests, and the camera in front of it."""

import subprocess
import tempfile

from browser import Page
from servers import until


def scan(picture, kind="png"):
    """What a camera reads in the picture of a code."""
    with tempfile.NamedTemporaryFile(suffix=f".{kind}") as file:
        file.write(picture)
        file.flush()
        done = subprocess.run(["zbarimg", "--quiet", "--raw", file.name], text=True, capture_output=True, check=True, timeout=30)
    return done.stdout.rstrip("\n")


class Window(Page):
    """The payment window, or a shop's page with it."""

    def open(self, url):
        self.browser.get(url)
        return self

    def headline(self):
        return self.text("#headline")[0] if self.one("#state") else None

    def is_told(self, headline):
        return until(lambda: self.all("#state:not([hidden])") and self.text("#headline") == [headline], headline)

    def fits(self):
        """Nothing to scroll for, in either direction."""
        return self.browser.execute_script("""
            const page = document.documentElement;
            return page.scrollWidth <= page.clientWidth && page.scrollHeight <= page.clientHeight""")
