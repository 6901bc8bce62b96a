"""Turns under way: repeats, two tabs, lost and stopped servers.  PostgreSQL decides; Redis may forget everything."""

import os
import re
import signal
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import assert_problem
from servers import until
from talk import Talk, ids


@pytest.fixture
def talk(api):
    return Talk(api, api.register(), "ko")


@pytest.fixture
def kv(redis_server):
    return redis_server.client()


def key(talk):
    return f"{{chat:{talk.id}}}:flow"


def plant(kv, talk, turn, seconds, **fields):
    """Put the ticket of a turn into Redis that ends on its own."""
    kv.hset(key(talk), mapping={"ticket": "x", "turn": str(turn),
                                "ticket_until": int((time.time() + seconds) * 1000), **fields})


class Held:
    """with Held(postgres, mode): statements that read (ACCESS EXCLUSIVE) or write (SHARE) conversations wait."""

    def __init__(self, postgres, mode):
        self.postgres = postgres
        self.holder = postgres.connect()
        self.holder.autocommit = False
        self.holder.cursor().execute(f"LOCK TABLE chatbot.session IN {mode} MODE")

    def reached(self):
        return self.postgres.query("SELECT 1 FROM pg_stat_activity WHERE usename = 'moa_chatbot' "
                                   "AND wait_event_type = 'Lock'")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.holder.close()


def test_a_repeat_is_the_very_same_turn(talk):
    message_id = uuid.uuid4()
    first = talk.answer("캠핑 용품 추천해줘", message_id)
    assert talk.answer("캠핑 용품 추천해줘", message_id).content == first.content
    turn = talk.say("더 싼 거")
    assert talk.answer("캠핑 용품 추천해줘", message_id).content == first.content
    assert talk.now()["turns"] == 2 and talk.now()["reply"] == turn["reply"]
    fault = assert_problem(talk.send("다른 말", message_id), 422, "validation_failed")["errors"][0]
    assert fault["field"] == "client_message_id"


def test_repeats_at_once_are_one_turn(talk):
    message_id = uuid.uuid4()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: talk.send("음악 추천해줘", message_id), range(8)))
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.content for reply in replies}) == 1
    assert talk.now()["turns"] == 1


def test_of_two_tabs_each_message_counts_once_or_is_refused(talk):
    def send(n):
        return talk.send(f"더 보여줘 {n}번째 부탁")

    talk.say("음악 추천해줘")
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(send, range(24)))
    answered = [reply.json() for reply in replies if reply.status_code == 200]
    for reply in replies:
        if reply.status_code != 200:
            assert_problem(reply, 409, "turn_in_progress")
    shown = [product_id for turn in answered for product_id in ids(turn)]
    assert answered and len(shown) == len(set(shown))
    assert talk.now()["turns"] == 1 + len(answered)
    assert len(talk.messages()) == 1 + 2 * (1 + len(answered))


def test_another_message_while_one_runs_is_refused(talk, kv):
    talk.say("좋아요")
    kv.hset(key(talk), mapping={"ticket": "x", "turn": "y", "ticket_until": int(time.time() * 1000) + 30000})
    reply = talk.send("음악")
    assert_problem(reply, 409, "turn_in_progress")
    kv.hset(key(talk), "ticket_until", 1)
    assert talk.say("음악")["state"] == "choose"


def test_a_turn_whose_version_redis_lost_keeps_its_ticket(talk, kv):
    """Nothing tells that it is over, so it may be running."""
    talk.say("좋아요")
    kv.delete(key(talk))
    plant(kv, talk, "y", 30)
    assert_problem(talk.send("음악"), 409, "turn_in_progress")
    assert kv.hget(key(talk), "ticket") == "x"
    plant(kv, talk, "y", 30, version="0")
    assert talk.say("음악")["state"] == "choose"


@pytest.mark.timed
def test_waiting_for_a_ticket_spares_postgresql(api, talk, kv):
    message_id = uuid.uuid4()
    plant(kv, talk, message_id, 1)
    started = time.monotonic()
    reply = talk.send("좋아요", message_id)
    assert reply.status_code == 200 and 0.9 < time.monotonic() - started < 3
    assert statements(api, reply) == 3


def rebuilds(api):
    return int(re.search(r"^moa_chat_rebuilds_total\{[^}]*\} (\d+)$", api.get("/chat/metrics").text, re.M)[1])


def test_only_what_redis_lost_is_rebuilt(make_system):
    """Of one process, so that there is one count."""
    system = make_system(start=False)
    system.twins = 1
    system.postgres.start()
    system.redis.start()
    system.start()
    talk = Talk(system.api, system.api.register(), "ko")
    talk.follow("좋아요", "음악")
    assert rebuilds(system.api) == 0
    system.redis.client().delete(key(talk))
    talk.say("추천해줘")
    assert rebuilds(system.api) == 1


def test_a_ticket_lost_before_the_rebuild_is_no_other_turn(talk, kv, postgres):
    talk.say("좋아요")
    kv.hset(key(talk), "version", "7")
    with ThreadPoolExecutor(1) as pool:
        with Held(postgres, "ACCESS EXCLUSIVE") as held:
            reply = pool.submit(talk.send, "음악")
            until(held.reached, "the turn to wait for its facts")
            kv.delete(key(talk))
        assert_problem(reply.result(), 503, "dependency_unavailable")
    assert talk.say("음악")["state"] == "choose"


def test_what_postgresql_deleted_is_deleted(own_system):
    """Redis stops in between: what it keeps ends by itself."""
    talk = Talk(own_system.api, own_system.api.register(), "ko")
    with ThreadPoolExecutor(1) as pool:
        with Held(own_system.postgres, "SHARE") as held:
            reply = pool.submit(own_system.api.delete, talk.path, token=talk.customer)
            until(held.reached, "the deletion to wait")
            own_system.redis.stop()
        assert reply.result().status_code == 204
    own_system.redis.start()
    assert_problem(own_system.api.get(talk.path, token=talk.customer), 404, "not_found")


def test_a_lost_write_back_delays_nobody(talk, kv):
    """A process that died between commit and write-back leaves a ticket; PostgreSQL knows that its turn is over."""
    talk.say("좋아요")
    before = kv.hgetall(key(talk))
    message_id = uuid.uuid4()
    done = talk.answer("음악", message_id)
    kv.delete(key(talk))
    kv.hset(key(talk), mapping={**before, "ticket": "x", "turn": str(message_id),
                                "ticket_until": int(time.time() * 1000) + 30000})
    assert talk.answer("음악", message_id).content == done.content
    turn = talk.say("추천해줘")
    assert turn["state"] == "recommendation"
    assert kv.hgetall(key(talk))["version"] == "3" and "ticket" not in kv.hgetall(key(talk))


def test_cancelling_counts_up_to_the_commit(talk, kv, postgres):
    """Also a turn of the house, which takes no time to stop in."""
    talk.say("좋아요")
    message_id = uuid.uuid4()
    with ThreadPoolExecutor(1) as pool:
        with Held(postgres, "ACCESS EXCLUSIVE") as held:
            sent = pool.submit(talk.send, "음악", message_id)
            until(held.reached, "the turn to wait for its facts")
            # What POST /cancel does, which asks PostgreSQL first.
            kv.hset(key(talk), "cancel", kv.hget(key(talk), "ticket"))
        assert_problem(sent.result(), 409, "turn_cancelled")
    assert talk.now()["turns"] == 1 and len(talk.messages()) == 3
    assert talk.answer("음악", message_id).json()["state"] == "choose"


def test_redis_holds_the_flow_as_described(talk, kv):
    talk.follow("피곤해요", "캠핑", "3만원 이하 빨간 걸로 추천해줘", "이 브랜드 말고")
    flow = kv.hgetall(key(talk))
    assert (flow["state"], flow["mood"], flow["hobby"], flow["budget_won"], flow["retries"], flow["version"]) == (
        "re_recommendation", "tired", "camping", "30000", "0", "4")
    assert flow["customer"] == talk.customer.id and flow["not_brands"] and "ticket" not in flow
    assert 23 * 3600 < kv.ttl(key(talk)) <= 24 * 3600
    kv.expire(key(talk), 60)
    talk.say("더 보여줘")
    assert kv.ttl(key(talk)) > 23 * 3600


def test_a_flushed_redis_is_rebuilt(talk, kv):
    talk.follow("피곤해요", "캠핑", "3만원 이하로 추천해줘")
    shown = set(ids(talk.now()))
    kv.delete(key(talk))
    turn = talk.say("더 보여줘")
    assert turn["state"] == "re_recommendation" and len(turn["products"]) == 3
    assert not shown & set(ids(turn)) and max(p["price_won"] for p in turn["products"]) <= 30000
    assert kv.hgetall(key(talk))["version"] == "4"


@pytest.mark.parametrize("version", ["0", "2", "77"])
def test_where_they_differ_postgresql_decides(talk, kv, version):
    talk.follow("피곤해요", "캠핑", "추천해줘")
    kv.hset(key(talk), mapping={"version": version, "state": "mood_check", "cards": ""})
    assert talk.say("첫 번째 걸로 할게")["outcome"] == "accepted"
    assert kv.hgetall(key(talk))["version"] == "4"


@pytest.mark.timed
def test_failures_cost_no_retry(own_system):
    talk = Talk(own_system.api, own_system.api.register(), "ko")
    assert talk.say("asdf")["state"] == "mood_check"
    own_system.redis.stop()
    started = time.monotonic()
    reply = talk.send("피곤해요")
    assert_problem(reply, 503, "dependency_unavailable")
    assert reply.headers["Retry-After"] and time.monotonic() - started < 3
    assert_problem(own_system.api.post("/chat/sessions", token=talk.customer), 503, "dependency_unavailable")
    assert talk.now()["state"] == "mood_check"  # reading needs no Redis
    own_system.redis.start()
    until(lambda: talk.send("ㅋㅋㅋ").status_code == 200, "the chatbot to return")
    turn = talk.now()
    assert (turn["state"], turn["turns"]) == ("hobby_check", 2)


@pytest.mark.timed
def test_a_hanging_redis_is_not_waited_for(own_system):
    talk = Talk(own_system.api, own_system.api.register(), "ko")
    own_system.redis.freeze()
    started = time.monotonic()
    reply = talk.send("피곤해요")
    assert_problem(reply, 503, "dependency_unavailable")
    assert time.monotonic() - started < 3
    own_system.redis.thaw()
    until(lambda: talk.send("캠핑").status_code == 200, "the chatbot to return")


def test_a_stopped_postgresql_loses_nothing(own_system):
    talk = Talk(own_system.api, own_system.api.register(), "ko")
    talk.follow("피곤해요", "캠핑")
    own_system.postgres.stop()
    message_id = uuid.uuid4()
    reply = talk.send("추천해줘", message_id)
    assert_problem(reply, 503, "dependency_unavailable")
    own_system.postgres.start()
    until(lambda: talk.send("추천해줘", message_id).status_code == 200, "the chatbot to return")
    turn = talk.now()
    assert (turn["state"], turn["turns"]) == ("recommendation", 3) and len(turn["products"]) == 3


def test_a_killed_program_loses_nothing(own_system):
    talk = Talk(own_system.api, own_system.api.register(), "ko")
    talk.follow("피곤해요", "캠핑", "추천해줘")
    for pid in own_system.programs()["chatbot"]:
        os.kill(pid, signal.SIGKILL)
    message_id = uuid.uuid4()
    until(lambda: talk.send("첫 번째 걸로 할게", message_id).status_code == 200, "the chatbot to return")
    assert talk.now()["outcome"] == "accepted"


def statements(api, reply):
    return api.system.logged(reply)["statements"]


def test_statements_of_a_turn(own_system):
    """Facts and commit; a search is a third.  Each process also reads the public keys, at its first call and every minute."""
    api = own_system.api
    talk = Talk(api, api.register())
    for _ in range(4):
        talk.send("고마워")
    assert statements(api, talk.send("피곤해요")) == 2
    assert statements(api, talk.send("캠핑")) == 2
    assert statements(api, talk.send("추천해줘")) == 3
    message_id = uuid.uuid4()
    talk.send("더 싼 거", message_id)
    assert statements(api, talk.send("더 싼 거", message_id)) == 1
    assert statements(api, api.get("/chat/sessions", token=talk.customer)) == 1
    assert statements(api, api.get(talk.path, token=talk.customer)) == 1
    assert statements(api, api.get(f"{talk.path}/messages", token=talk.customer)) == 1
    assert statements(api, api.post("/chat/sessions", token=talk.customer, json={"language": "ko"})) == 1
    assert statements(api, api.delete(talk.path, token=talk.customer)) == 2
