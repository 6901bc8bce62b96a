"""What a customer may use of the model in a day, told in the RateLimit fields; beyond it the house answers."""

import pytest

from events import stream
from talk import Talk


@pytest.fixture
def system(make_system, model):
    return make_system({"MOA_LLM_URL": model.url, "MOA_CHAT_TOKENS_DAY": "3000"})


def policies(reply):
    """{"chat-turns": {"q": 60, …}, …} of a reply's RateLimit-Policy."""
    found = {}
    for member in reply.headers["RateLimit-Policy"].split(","):
        name, *parameters = member.strip().split(";")
        found[name.strip('"')] = dict((key, int(value)) for key, value in (p.split("=") for p in parameters))
    return found


def left(reply, policy):
    member = next(m for m in reply.headers["RateLimit"].split(",") if m.strip().startswith(f'"{policy}"'))
    return int(dict(p.split("=") for p in member.strip().split(";")[1:])["r"])


def test_tokens_are_counted_and_run_out_into_the_house(system, model):
    customer = system.api.register()

    def begin(who=customer):
        return Talk(system.api, who, "ko").send("비가 와서 그런지 축 처지네")

    first = begin()
    assert policies(first)["chat-turns"] == {"q": 60, "w": 60}
    assert policies(first)["chat-tokens"] == {"q": 3000, "w": 86400}
    assert left(first, "chat-tokens") == 3000 and first.json()["engine"] == "llm"
    replies = [first]
    while replies[-1].json()["engine"] == "llm" and len(replies) < 20:
        replies.append(begin())
    assert 0 < left(replies[1], "chat-tokens") < 3000
    assert replies[-1].status_code == 200 and left(replies[-1], "chat-tokens") == 0
    assert len(model.requests) == len(replies) - 1
    # Somebody else has tokens of their own.
    assert begin(system.api.register()).json()["engine"] == "llm"


def test_without_a_model_nothing_is_said_of_tokens(own_system):
    talk = Talk(own_system.api, own_system.api.register(), "ko")
    assert set(policies(talk.send("좋아요"))) == {"chat-turns"}


def test_a_stopped_turn_costs_its_tokens(system, model):
    model.pace = 0.1
    talk = Talk(system.api, system.api.register(), "ko")
    events = stream(talk, "비가 와서 그런지 축 처지네")
    events.until("token")
    assert system.api.post(f"{talk.path}/cancel", token=talk.customer).status_code == 204
    assert events.rest()[-1].data["code"] == "turn_cancelled"
    assert left(talk.send("비가 와서 그런지 축 처지네"), "chat-tokens") < 3000
