"""Turns with a model in bad weather, through both web servers: two tabs, crashes, stops, cancels, clients that leave.

No turn is lost, none counts twice, and nobody sees an error page.
"""

import os
import signal
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import assert_problem
from events import assert_whole, resume, stream, words
from model import Model
from moa import Apache, Lighttpd
from servers import until
from talk import Talk

REPLY = ("그러셨군요, 비 오는 날에는 괜히 몸도 마음도 무거워지곤 하지요. 오늘 하루도 정말 고생 많으셨어요. "
         "따뜻한 차 한 잔 드시면서 천천히 쉬어 가세요. 요즘은 무엇을 하며 쉬세요?")
NOTHING = {"mood": None, "interests": [], "budget_won": None, "colour": None, "wants": "none", "unwanted": [], "picks": []}
UNDERSTOOD = {"fits": True, **NOTHING, "mood": "tired", "reply": REPLY}


@pytest.fixture(scope="module", params=[Lighttpd, Apache], ids=["lighttpd", "apache"])
def shared(request, make_shared_system):
    fake = Model().start()
    system = make_shared_system({"MOA_LLM_URL": fake.url, "MOA_LLM_FIRST_MS": "1500", "MOA_LLM_IDLE_MS": "1000"},
                                kind=request.param)
    system.model = fake
    yield system
    fake.stop()


@pytest.fixture
def system(shared):
    """A system whose model says REPLY, slowly: a turn takes about a second.  What breaks it leaves it whole."""
    shared.model.reset()
    shared.model.answer(UNDERSTOOD)
    shared.model.pace = 0.01
    return shared


@pytest.fixture
def talk(system):
    return Talk(system.api, system.api.register(), "ko")


def turns(system, talk):
    """What is kept: (turns counted, messages)."""
    return system.postgres.query(
        "SELECT s.version, count(m.id) FROM chatbot.session s JOIN chatbot.message m ON m.session_id = s.id "
        "WHERE s.id = %s GROUP BY s.version", talk.id)[0]


def chatbots(system):
    streams = getattr(system, "streams", None)
    return system.programs()["chatbot"] if streams is None else [streams.process.pid]


def kill(system):
    """Kill the programs that tell streams, and see to it that there are new ones."""
    for pid in chatbots(system):
        os.kill(pid, signal.SIGKILL)
    if hasattr(system, "streams"):
        system.streams.process.wait()
        system.start_streams()


def test_two_tabs(system, talk):
    message_id = uuid.uuid4()
    one = stream(talk, "비가 와서 그런지 축 처지네", message_id)
    one.until("token")
    with ThreadPoolExecutor(3) as pool:
        other = pool.submit(talk.send, "나는 캠핑을 좋아해")
        joined = pool.submit(lambda: stream(talk, "비가 와서 그런지 축 처지네", message_id).rest())
        waited = pool.submit(talk.send, "비가 와서 그런지 축 처지네", message_id)
        turn = assert_whole(one.rest())
        assert_problem(other.result(), 409, "turn_in_progress")
        assert [(event.id, event.data) for event in joined.result()] == [(event.id, event.data) for event in one.seen]
        assert waited.result().json() == turn
    assert turn["engine"] == "llm" and turn["reply"] == REPLY and turn["state"] == "hobby_check"
    assert turns(system, talk) == (1, 3) and len(system.model.requests) == 1


def test_the_first_words_come_as_they_are_made(system, talk):
    begun = time.monotonic()
    events = stream(talk, "비가 와서 그런지 축 처지네").rest()
    tokens = [event for event in events if event.name == "token"]
    assert events[0].at - begun < 0.5
    assert len(tokens) > 3 and tokens[-1].at - tokens[0].at > 0.2
    assert words(events) == REPLY


def test_words_are_gathered_for_followers_of_json_too(system, talk):
    begun = time.monotonic()
    assert talk.say("비가 와서 그런지 축 처지네")["engine"] == "llm"
    pieces = (time.monotonic() - begun) / 0.05 + 2
    told = resume(talk, "before-1").rest()
    assert words(told) == REPLY and len([event for event in told if event.name == "token"]) <= pieces


def test_killed_in_the_middle(system, talk):
    talk.say("좋아요")
    message_id = uuid.uuid4()
    events = stream(talk, "캠핑 좋아해", message_id)
    events.until("token")
    kill(system)
    try:
        assert "done" not in [event.name for event in events.rest()]
    except OSError:
        pass  # a connection cut in the middle of a chunk
    assert turns(system, talk) == (1, 3)
    # Who comes back for it is told that it is lost, and of no other turn.
    until(lambda: lease_over(system, talk), "the lost turn's lease to end")
    lost = resume(talk, events.seen[-1].id)
    assert (lost.rest()[-1].data if lost.reply.status_code == 200 else lost.reply.json())["code"] == "turn_lost"
    turn = until(lambda: once(talk, "캠핑 좋아해", message_id), "the turn to be run again")
    assert turns(system, talk) == (2, 5)
    assert talk.send("캠핑 좋아해", message_id).json() == turn
    assert talk.say("추천해줘")["state"] == "recommendation"


def lease_over(system, talk):
    return int(system.redis.client().hget(f"{{chat:{talk.id}}}:flow", "ticket_until")) < time.time() * 1000


def once(talk, text, message_id):
    reply = talk.send(text, message_id)
    return reply.json() if reply.status_code == 200 else None


def test_without_its_model(system, talk):
    """The house answers within the model's time, in the middle of a conversation, and hands back."""
    for fault in ("500", "hang", "stall", "cut", "garbage"):
        talk = Talk(system.api, talk.customer, "ko")
        assert talk.say("비가 와서 그런지 축 처지네")["engine"] == "llm"
        system.model.fault = fault
        begun = time.monotonic()
        turn = assert_whole(stream(talk, "캠핑").rest())
        assert turn["engine"] == "house" and turn["state"] == "choose" and "캠핑" in turn["reply"], fault
        assert time.monotonic() - begun < 4
        system.model.fault = None
        system.model.answer({"fits": True, **NOTHING, "reply": "이런 건 어떠세요? 천천히 골라 보세요."})
        turn = talk.say("추천해줘")
        assert turn["engine"] == "llm" and len(turn["products"]) == 3
        system.model.answer(UNDERSTOOD)


def test_a_client_that_leaves(system, talk):
    system.model.pace = 0.2  # some eight seconds
    message_id = uuid.uuid4()
    events = stream(talk, "비가 와서 그런지 축 처지네", message_id)
    events.until("token")
    left = time.monotonic()
    events.close()
    cancelled = until(lambda: system.model.cancelled, "the call to be ended")[0]
    assert cancelled["at"] - left < 5.5
    until(lambda: turns(system, talk) == (1, 3), "the house to answer")
    turn = talk.send("비가 와서 그런지 축 처지네", message_id).json()
    assert turn["engine"] == "house" and talk.now()["reply"] == turn["reply"]


def test_a_client_that_comes_back(system, talk):
    system.model.pace = 0.05
    events = stream(talk, "비가 와서 그런지 축 처지네")
    last = events.until("token")
    events.close()
    rest = resume(talk, last.id).rest()
    assert rest[-1].name == "done" and rest[-1].data["engine"] == "llm"
    first = int(last.id.rpartition("-")[2]) + 1
    assert [int(event.id.rpartition("-")[2]) for event in rest] == list(range(first, first + len(rest)))
    assert words(events.seen + rest) == REPLY
    assert not system.model.cancelled


@pytest.mark.parametrize("when", ["waiting", "speaking"])
def test_stopped_by_the_customer(system, talk, when):
    talk.say("좋아요")
    system.model.pace = 0.1
    if when == "waiting":
        system.model.latency = 10
    message_id = uuid.uuid4()
    events = stream(talk, "캠핑 좋아해", message_id)
    events.until("token" if when == "speaking" else "state")
    stopped = time.monotonic()
    assert talk.api.post(f"{talk.path}/cancel", token=talk.customer).status_code == 204
    last = events.rest()[-1]
    assert last.name == "error" and last.data["code"] == "turn_cancelled"
    assert last.at - stopped < 1
    assert until(lambda: system.model.cancelled, "the call to be ended")[0]["at"] - stopped < 1
    assert turns(system, talk) == (1, 3) and talk.now()["state"] == "hobby_check"
    system.model.latency = system.model.pace = 0
    assert talk.send("캠핑 좋아해", message_id).json()["state"] == "choose"


def test_a_stop_reaches_who_waits_for_json(system, talk):
    system.model.latency = 10
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(talk.send, "비가 와서 그런지 축 처지네")
        until(lambda: system.model.requests, "the model to be asked")
        talk.api.post(f"{talk.path}/cancel", token=talk.customer)
        assert_problem(waiting.result(), 409, "turn_cancelled")
    reply = waiting.result()
    assert reply.headers["Content-Language"] in ("ko", "en") and "," not in reply.headers["Content-Language"]
    assert turns(system, talk) == (0, 1)


def test_a_redis_that_restarts_in_the_middle(system, talk):
    talk.say("좋아요")
    events = stream(talk, "캠핑 좋아해")
    events.until("token")
    system.redis.stop()
    system.redis.start()
    turn = events.rest()[-1]
    assert turn.name == "done" and turn.data["state"] == "choose"
    assert turns(system, talk) == (2, 5)
    assert talk.say("추천해줘")["state"] == "recommendation"
    assert turns(system, talk) == (3, 7)
