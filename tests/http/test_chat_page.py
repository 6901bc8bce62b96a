"""The chat page in a browser: a whole conversation with the real thing, and bad weather from a stand-in."""

import re
import sys
import threading

import pytest
from selenium.webdriver.common.keys import Keys

from browser import Page, browser, resize  # noqa: F401  pylint: disable=unused-import
from moa import TREE
from servers import until

sys.path.insert(0, str(TREE / "tests/fakes"))
from chat import Chat, whole  # noqa: E402
from model import Model  # noqa: E402


class ChatPage(Page):
    """The page in a browser of its own."""

    def open(self, url):
        self.browser.get(url + "/chat/")
        return self

    def shows(self, text, selector="#log"):
        return super().shows(text, selector)

    def is_quiet(self):
        return not self.all("#log [aria-busy]") and not self.one("#send").get_attribute("hidden")

    def sign_in(self, email, password):
        self.one("[name=email]").send_keys(email)
        self.one("[name=password]").send_keys(password, Keys.ENTER)

    def type(self, text):
        self.one("#text").send_keys(text, Keys.ENTER)

    def say(self, text):
        """Send a message and return the answer, once it is whole."""
        before = len(self.all("#log .said"))
        self.type(text)
        until(lambda: len(self.all("#log .said")) == before + 2 and self.is_quiet(), f'the answer to "{text}"')
        return self.text("#log .said:last-child .words")[0]


@pytest.fixture
def make_page(browser, resize):
    """make_page(width, height, language): a fresh page of that size in that language."""
    def make(*size):
        resize(*size)
        return ChatPage(browser)

    return make


@pytest.fixture
def chat():
    server = Chat(TREE / "htdocs").start()
    yield server
    server.stop()


@pytest.fixture
def weather(chat, make_page):
    """weather(script): the page before a stand-in that answers turns by script, signed in."""
    def make(script):
        chat.script = script
        page = make_page().open(chat.url)
        page.sign_in("me@moa.example", "moa-demo-password")
        page.shows("Hello!")
        return page
    return make


def test_a_whole_conversation(api, postgres, make_page):
    """On the smallest phone, in Korean; then reloaded, rated, and deleted."""
    customer = api.register()
    page = make_page(320, 568, "ko").open(api.system.url)
    assert page.one("#sign_in button").text == "로그인"
    page.sign_in(customer.email, "not the password")
    assert "맞지 않아요" in page.one("#door_error").text
    page.one("[name=password]").clear()
    page.one("[name=email]").clear()
    page.sign_in(customer.email, customer.password)
    page.shows("오늘 기분은 어떠세요?")
    page.one(".chip").click()
    page.shows("요즘 무엇을 좋아하세요?")
    assert "캠핑" in page.say("캠핑 좋아해요")
    page.say("3만원 이하로 추천해줘")
    assert len(page.all(".card")) == 3
    assert all(price.endswith("원") and "," in price for price in page.text(".card .price"))
    links = page.all(".card a")
    assert len(links) == 3 and all(a.get_attribute("href").startswith("https://") for a in links)
    assert all("noopener" in a.get_attribute("rel") for a in links)
    assert "출처" in page.say("수수료 있어?")
    wide, seen = page.browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide == seen == 320
    second = page.text(".card .name")[1]
    page.all(".pick")[1].click()
    page.shows(f"좋은 선택이에요! {second}")

    page.browser.refresh()
    page.shows(f"좋은 선택이에요! {second}")
    assert len(page.all("#log .said")) == 11
    page.browser.execute_script("document.querySelector('#log .said:last-child .thumb').click()")
    until(lambda: page.all(".said:last-child .thumb[aria-pressed=true]"), "the thumb")
    assert postgres.query("SELECT rating FROM chatbot.feedback f JOIN chatbot.message m ON m.id = f.message_id "
                          "JOIN chatbot.session s ON s.id = m.session_id WHERE s.customer_id = %s",
                          customer.id) == [(1,)]

    page.one("#menu").click()
    page.one(".bin").click()
    page.one("#ask [value=yes]").click()
    page.shows("기분을 묻는 중", ".talk_link")
    until(lambda: not any(second in text for text in page.text("#log")), "the conversation to go")
    assert [talk["turns"] for talk in api.get("/chat/sessions", token=customer).json()["items"]] == [0]
    refused = [line for line in page.complaints() if "401" not in line]  # the wrong password
    assert refused == []


def test_a_model_is_heard_word_by_word(make_system, make_page):
    """The real thing with a slow model: words before the end, stopped on request, and nothing kept of that."""
    model = Model().start()
    model.pace = 0.04
    system = make_system({"MOA_LLM_URL": model.url, "MOA_LLM_MODEL": "slow"})
    customer = system.api.register()
    page = make_page().open(system.url)
    page.sign_in(customer.email, customer.password)
    page.shows("How are you feeling today?")
    page.type("a bit tired today")
    parts = set()
    until(lambda: parts.update(page.text(".said:last-child:not(.mine) .words")) or page.is_quiet(), "the answer")
    assert len(parts - {""}) >= 3
    model.pace = 0.5
    page.type("I like camping")
    until(lambda: len(model.requests) >= 2, "the model to be asked")
    page.one("#stop").click()
    page.shows("Stopped.", ".note")
    assert page.one("#text").get_attribute("value") == "I like camping"
    talk, = system.api.get("/chat/sessions", token=customer).json()["items"]
    assert (talk["turns"], talk["state"]) == (1, "hobby_check")
    model.stop()


@pytest.mark.parametrize("server", ["api", "apache"])
def test_its_files_are_served(server, request):
    """By both web servers, with types that a strict browser takes; nothing in the page is inline."""
    found = request.getfixturevalue(server)
    page = found.file("/chat/")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page.text)
    names = [path.name for path in (TREE / "htdocs/chat").iterdir() if path.suffix in (".js", ".css")]
    assert "app.js" in names
    for name in names:
        reply = found.file(f"/chat/{name}")
        kind = "css" if name.endswith(".css") else "javascript"
        assert reply.status_code == 200 and kind in reply.headers["Content-Type"], name


def test_the_desktop_speaks_english(api, make_page):
    customer = api.register()
    page = make_page(1280, 800).open(api.system.url)
    page.sign_in(customer.email, customer.password)
    page.shows("How are you feeling today?")
    assert page.one("#side").is_displayed() and not page.one("#begin").get_attribute("hidden")
    page.say("recommend something for hiking")
    assert all(price.endswith(" won") for price in page.text(".card .price"))
    page.one("#language").click()
    assert page.one("#begin").text == "새 대화" and page.browser.execute_script("return document.documentElement.lang") == "ko"
    page.one("#leave").click()
    page.one("#sign_in")
    page.browser.refresh()
    page.one("#sign_in")
    assert page.complaints() == []


def test_words_appear_as_they_come(weather, chat):
    """The first words are there before the last; those of an engine that gave way are gone; what done says counts."""
    go = threading.Event()

    def script(turn):
        turn.event("state", {"state": "mood_check", "engine": "llm"}, 1)
        turn.event("token", {"text": "Wrong wor"}, 2)
        turn.event("state", {"state": "hobby_check", "engine": "house"}, 3)
        turn.event("token", {"text": "Right <b>words</b>"}, 4)
        turn.wait(go)
        turn.event("done", whole("Right <b>words</b>, all"), 5)

    page = weather(script)
    page.type("hello")
    page.shows("Right <b>words</b>", ".said:last-child .words")
    assert "Wrong" not in page.text("#log")[0]
    assert page.one("#stop").is_displayed()
    go.set()
    page.shows("Right <b>words</b>, all")
    page.shows("Right <b>words</b>, all", "#live")
    assert chat.calls[0][1]["Accept"] == "text/event-stream"
    assert page.all("#log b") == [] and len(chat.calls) == 1 and page.complaints() == []


def test_a_cut_stream_is_taken_up_where_it_ended(weather, chat):
    go = threading.Event()

    def script(turn):
        if len(turn.calls) == 1:
            turn.event("state", {"state": "hobby_check", "engine": "llm"}, 1)
            turn.event("token", {"text": "One, "}, 2)
            turn.raw("id: run-1-3\nevent: token\nda")
        else:
            turn.event("token", {"text": "One, "}, 2)  # once more: it has been seen
            turn.event("token", {"text": "two."}, 3)
            turn.wait(go)
            turn.event("done", whole("One, two."), 4)

    page = weather(script)
    page.type("hello")
    until(lambda: page.text(".said:last-child .words") == ["One, two."], "the rest")
    go.set()
    until(page.is_quiet, "the end")
    assert page.text(".said:last-child .words") == ["One, two."]
    assert [call for call, _, _ in chat.calls] == ["POST /chat/sessions/:id/messages", "GET /chat/sessions/:id/stream"]
    assert chat.calls[1][1]["Last-Event-ID"] == "run-1-2"


def test_a_turn_that_is_gone_is_asked_for_again(weather, chat):
    """What the server remembers is another turn: the message is sent again under the same id."""
    def script(turn):
        if len(turn.calls) == 1:
            turn.event("state", {"state": "hobby_check", "engine": "llm"}, 1)
        elif len(turn.calls) == 2:
            turn.raw('id: stored-1\nevent: done\ndata: {"reply": "of another turn"}\n\n')
        else:
            turn.event("done", whole("Mine"), 9)

    page = weather(script)
    assert page.say("hello") == "Mine"
    posts = [body for call, _, body in chat.calls if call.startswith("POST")]
    assert len(posts) == 2 and posts[0] == posts[1]


def test_a_turn_is_stopped(weather, chat):
    def script(turn):
        turn.event("state", {"state": "hobby_check", "engine": "llm"}, 1)
        turn.event("token", {"text": "Well, "}, 2)
        turn.wait(chat.cancelled)
        turn.event("error", {"status": 409, "code": "turn_cancelled", "title": "Stopped"}, 3)

    page = weather(script)
    page.type("a long question")
    page.shows("Well, ")
    page.one("#stop").click()
    page.shows("Stopped.", ".note")
    assert page.one("#text").get_attribute("value") == "a long question"
    assert len(page.all("#log .said")) == 1 and page.one("#send")
    assert page.one(".chip").text == "Great"


def test_a_reload_picks_the_turn_up(weather, chat):
    """The page is left while a turn runs; coming back, it asks for the same turn."""
    def script(turn):
        turn.event("state", {"state": "hobby_check", "engine": "llm"}, 1)
        if len(turn.calls) > 1:
            turn.event("done", whole("Still here"), 2)
        else:
            turn.event("token", {"text": "Still"}, 2)
            turn.wait(back)

    back = threading.Event()
    page = weather(script)
    page.type("hello")
    page.shows("Still")
    page.browser.refresh()
    page.shows("Still here")
    back.set()
    posts = [body for call, _, body in chat.calls if call.startswith("POST")]
    assert len(posts) == 2 and posts[0] == posts[1]


def test_limits_and_endings_are_told_kindly(weather, chat):
    def script(turn):
        if len(turn.calls) == 1:
            turn.problem(429, "rate_limited", ("Retry-After", "1"))
        elif len(turn.calls) == 2:
            turn.problem(503, "dependency_unavailable", ("Retry-After", "1"))
        elif len(turn.calls) == 3:
            turn.event("done", whole("At last"))
        elif len(turn.calls) == 4:
            turn.problem(409, "conversation_over")
        else:
            chat.signed_in = False
            turn.problem(401, "token_expired")

    page = weather(script)
    page.type("hello")
    page.shows("You can send again in 1 s.", ".note")
    assert page.one("#send").get_attribute("disabled")
    until(lambda: not page.one("#send").get_attribute("disabled"), "the second to pass")
    page.one(".note button").click()
    page.shows("At last")
    assert page.all(".note") == []
    ids = [body["client_message_id"] for _, _, body in chat.calls]
    assert len(ids) == 3 and len(set(ids)) == 1
    page.type("more")
    page.shows("start a new one", ".note")
    page.type("and more")
    assert "signed out" in page.one("#door p").text
