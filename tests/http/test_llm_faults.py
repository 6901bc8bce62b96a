"""A model that fails in every way there is: each turn is answered all the same, in time, and the model is asked again."""

import re
import time

import pytest

from model import Model
from talk import Talk

# What the model does, what its client makes of it, and how often it is asked.
FAULTS = (
    ("500", "failed_server", 2), ("503", "failed_server", 2), ("429", "failed_limited", 2), ("401", "failed_denied", 1),
    ("error", "failed_error", 1), ("garbage", "failed_format", 1), ("spaces", "failed_format", 1), ("blank", "failed_large", 1),
    ("cut", "failed_cut", 1), ("ended", "failed_cut", 1), ("late_error", "failed_error", 1), ("refuse", "failed_refused", 1),
    ("hang", "failed_slow", 1), ("stall", "failed_silent", 1),
)
# These are as good as any.
HARMLESS = (("whole", "ok", 1), ("429-soon", "retried", 2))
FIRST_S, IDLE_S = 1.5, 1.0


def alone(make, env):
    """A system with one process of each program, so that there is one of every counter and one opinion of the model."""
    system = make(env, start=False)
    system.twins = 1
    for part in (system.postgres, system.redis, system):
        part.start()
    return system


@pytest.fixture(scope="module")
def shared(make_shared_system):
    fake = Model().start()
    system = alone(make_shared_system, {"MOA_LLM_URL": fake.url, "MOA_LLM_FIRST_MS": str(int(FIRST_S * 1000)),
                                        "MOA_LLM_IDLE_MS": str(int(IDLE_S * 1000))})
    system.model = fake
    yield system
    fake.stop()


@pytest.fixture
def system(shared):
    shared.model.reset()
    return shared


def greet(system):
    """A turn that the model may word; returns it, and how long it took."""
    talk = Talk(system.api, system.api.register(), "ko")
    begun = time.monotonic()
    turn = talk.say("안녕하세요")
    return turn, time.monotonic() - begun


def calls(system, result):
    text = system.api.get("/chat/metrics").text
    return int(re.search(rf'moa_llm_calls_total{{program="chatbot",result="{result}"}} (\d+)', text)[1])


@pytest.mark.parametrize("fault,result,requests", FAULTS)
def test_the_house_steps_in(system, fault, result, requests):
    before = calls(system, result)
    system.model.faults = [fault] * requests
    turn, took_s = greet(system)
    assert turn["engine"] == "house" and turn["reply"]
    assert took_s < FIRST_S + 1
    assert calls(system, result) == before + 1
    assert len(system.model.requests) == requests
    assert greet(system)[0]["engine"] == "llm"


@pytest.mark.parametrize("fault,result,requests", HARMLESS)
def test_what_can_be_borne(system, fault, result, requests):
    before = calls(system, result)
    system.model.faults = [fault]
    turn, _ = greet(system)
    assert turn["engine"] == "llm"
    assert calls(system, result) == before + 1
    assert len(system.model.requests) == requests


@pytest.mark.parametrize("chunks", [(1,), (2, 3, 5, 7, 64), (4096,)])
def test_pieces_of_any_size(system, chunks):
    system.model.chunks = chunks
    assert greet(system)[0]["engine"] == "llm"


def test_after_failures_it_is_left_alone(make_system, model):
    """Nobody waits for a model that has just kept five customers waiting, or that has said when to come back."""
    system = alone(make_system, {"MOA_LLM_URL": model.url})
    model.fault = "garbage"
    assert [greet(system)[0]["engine"] for _ in range(7)] == ["house"] * 7
    assert len(model.requests) == 5
    assert calls(system, "refused_open") == 2
    assert "moa_llm_left_alone{program=\"chatbot\"} 1\n" in system.api.get("/chat/metrics").text
