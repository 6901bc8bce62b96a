"""The customer's page for paying, in the hands of tests."""

from selenium.webdriver.common.keys import Keys

from browser import Page
from servers import until


class PayPage(Page):
    """The page in a browser of its own."""

    def open(self, url):
        self.browser.get(url)
        return self

    def sign_in(self, customer):
        self.one("[name=email]").send_keys(customer.email)
        self.one("[name=password]").send_keys(customer.password, Keys.ENTER)
        return self

    def at_home(self, api, customer):
        """Signed in, without a code."""
        self.open(api.system.url + "/pay/").sign_in(customer).one("#pin")
        return self

    def is_at(self, selector):
        """Does the keyboard reach it now?"""
        return until(lambda: self.browser.switch_to.active_element == self.one(selector), f"{selector} to have the focus")

    def rows(self, selector):
        """A list of figures: {name: value}."""
        return dict(zip(self.text(f"{selector} dt"), self.text(f"{selector} dd")))

    def is_told(self, headline):
        return until(lambda: self.one("#result") and self.text("#headline") == [headline], headline)

    def fits(self):
        """Nothing to scroll for sideways."""
        return self.browser.execute_script("""
            const page = document.documentElement;
            return page.scrollWidth <= page.clientWidth""")
