"""The page for shorts, in the hands of tests."""

from selenium.webdriver.common.keys import Keys

from pay_page import PayPage
from servers import until

HERE = """
const middle = innerHeight / 2;
return [...document.querySelectorAll("#reel article")].findIndex((node) => {
	const { top, bottom } = node.getBoundingClientRect();
	return top <= middle && middle < bottom;
});
"""
PLAYING = """
return [...document.querySelectorAll("#reel video")].flatMap((video, nth) =>
	!video.paused && video.readyState > 2 && video.currentTime > 0 ? [nth] : []);
"""


class ShortsPage(PayPage):
    """The page in a browser of its own."""

    def enter(self, url, customer=None, where=""):
        """The feed (or another screen, or a short), as a guest or signed in."""
        self.open("about:blank").open(f"{url}/shorts/#{'' if customer else where}")
        if customer:
            self.one("[data-screen=me]").click()
            self.sign_in(customer)
            until(lambda: self.text("#me_head h1"), "my page")
            self.browser.execute_script("location.hash = arguments[0]", where)
        return self

    def here(self):
        """Which short of the reel is on the screen."""
        return self.browser.execute_script(HERE)

    def plays(self, nth):
        """That one plays, and no other."""
        return until(lambda: self.browser.execute_script(PLAYING) == [nth], f"number {nth} to play alone")

    def press(self, key):
        self.browser.switch_to.active_element.send_keys(key)

    def down(self):
        before = self.here()
        self.press(Keys.ARROW_DOWN)
        return until(lambda: self.here() == before + 1, "the next one")

    def at_short(self, nth, selector):
        """What is shown of that short."""
        return self.all("#reel article")[nth].find_element("css selector", selector)
