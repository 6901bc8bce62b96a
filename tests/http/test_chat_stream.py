"""Turns as server-sent events, through both web servers: their order, joining, resuming, errors."""

import uuid

import pytest

from client import assert_problem
from events import Events, assert_whole, resume, stream
from talk import Talk


@pytest.fixture(params=["lighttpd", "apache"])
def served(request):
    """The API through either web server."""
    return request.getfixturevalue("api" if request.param == "lighttpd" else "apache")


@pytest.fixture
def talk(served):
    return Talk(served, served.register(), "ko")


def test_a_turn_is_told_in_order(talk):
    events = stream(talk, "캠핑 용품 3만원 이하로 추천해줘")
    assert events.reply.status_code == 200
    assert events.reply.headers["Content-Type"] == "text/event-stream"
    assert events.reply.headers["Cache-Control"] == "no-store"
    turn = assert_whole(events.rest())
    assert turn["state"] == "recommendation" and len(turn["products"]) == 3 and turn["engine"] == "house"
    assert talk.now()["reply"] == turn["reply"]


def test_both_forms_are_the_same_turn(talk):
    message_id = uuid.uuid4()
    told = assert_whole(stream(talk, "피곤해요", message_id).rest())
    assert talk.answer("피곤해요", message_id).json() == told
    again = stream(talk, "피곤해요", message_id).rest()
    assert [event.name for event in again] == ["done"] and again[0].data == told
    assert talk.now()["turns"] == 1


def test_after_the_last_event_the_next_message_may_come(talk):
    """The ticket is returned before the client hears of the end."""
    for text in ("좋아요", "캠핑", "추천해줘", "더 싼 거", "다른 거", "첫 번째 걸로 할게"):
        assert_whole(stream(talk, text).rest())
    assert talk.now()["outcome"] == "accepted"


def test_what_was_missed_is_told_from_where_it_was_cut(talk):
    seen = stream(talk, "음악 추천해줘").rest()
    for n, event in enumerate(seen):
        rest = resume(talk, event.id)
        if n == len(seen) - 1:
            assert rest.reply.status_code == 204  # an EventSource stops asking
        else:
            assert [(again.id, again.data) for again in rest.rest()] == [(later.id, later.data) for later in seen[n + 1:]]


def test_other_instances_can_go_on_with_it(api, apache):
    """What one server's programs have told, those of the other know."""
    talk = Talk(api, api.register(), "ko")
    seen = stream(talk, "음악 추천해줘").rest()
    rest = resume(talk, seen[1].id, api=apache).rest()
    assert [(event.id, event.data) for event in rest] == [(event.id, event.data) for event in seen[2:]]


def test_an_older_turn_is_not_gone_on_with(talk):
    old = stream(talk, "좋아요").rest()
    new = stream(talk, "캠핑").rest()
    assert [event.id for event in resume(talk, old[0].id).rest()] == [event.id for event in new]


def test_events_that_are_kept_no_more(talk, redis_server):
    seen = stream(talk, "좋아요").rest()
    redis_server.client().delete(f"{{chat:{talk.id}}}:flow", f"{{chat:{talk.id}}}:events")
    events = resume(talk, seen[0].id).rest()
    assert [event.name for event in events] == ["done"] and events[0].data == seen[-1].data


def test_what_postgresql_told_is_told_once(talk, redis_server):
    message_id = uuid.uuid4()
    talk.answer("좋아요", message_id)
    (done,) = stream(talk, "좋아요", message_id).rest()
    assert resume(talk, done.id).reply.status_code == 204
    newer = stream(talk, "캠핑").rest()
    assert [event.id for event in resume(talk, done.id).rest()] == [event.id for event in newer]


def test_head_asks_for_no_stream(talk):
    reply = talk.api.request("HEAD", f"{talk.path}/stream", token=talk.customer)
    assert reply.status_code in (200, 204) and not reply.content


def test_resuming_has_a_limit(talk):
    replies = [resume(talk).reply for _ in range(31)]
    assert [reply.status_code for reply in replies] == [204] * 30 + [429]
    assert replies[-1].headers["Retry-After"]


def test_nothing_to_resume(talk):
    assert resume(talk).reply.status_code == 204
    assert resume(talk, "abcdef-3").reply.status_code == 204  # never a turn
    talk.say("좋아요")
    talk.api.delete(talk.path, token=talk.customer)
    assert_problem(resume(talk).reply, 404, "not_found")


@pytest.mark.parametrize("last", ["x", "-1", "abcdef-0", "abcdef-99999999999", "abcdef-1x", "'; DROP TABLE", "가" * 30])
def test_a_strange_last_event_id_begins_anew(talk, last):
    done = stream(talk, "좋아요").rest()
    events = resume(talk, last.encode()).rest()
    assert events[-1].data == done[-1].data


def test_other_peoples_turns_are_not_theirs_to_see(talk):
    stream(talk, "좋아요").rest()
    stranger = talk.api.register()
    for method, path in (("GET", "stream"), ("POST", "cancel")):
        reply = talk.api.request(method, f"{talk.path}/{path}", token=stranger)
        assert_problem(reply, 404, "not_found")


@pytest.mark.parametrize("fault", [{"text": ""}, {"text": "x" * 1001}, {"client_message_id": "1"}, {"more": 1}])
def test_what_is_wrong_is_refused_before_a_stream_begins(talk, fault):
    body = {"text": "좋아요", "client_message_id": str(uuid.uuid4()), **fault}
    reply = talk.api.post(f"{talk.path}/messages", token=talk.customer, json=body,
                          headers={"Accept": "text/event-stream"})
    assert_problem(reply, 422, "validation_failed")
    assert talk.now()["turns"] == 0


def test_a_reused_id_is_refused(talk):
    message_id = uuid.uuid4()
    talk.answer("좋아요", message_id)
    assert_problem(stream(talk, "다른 말", message_id).reply, 422, "validation_failed")


def test_cancelling_nothing(talk):
    assert talk.api.post(f"{talk.path}/cancel", token=talk.customer).status_code == 204
    talk.say("좋아요")
    assert talk.api.post(f"{talk.path}/cancel", token=talk.customer).status_code == 204
    assert talk.say("캠핑")["state"] == "choose"


def test_a_stream_without_redis_is_a_plain_refusal(make_system):
    system = make_system()
    talk = Talk(system.api, system.api.register(), "ko")
    system.redis.stop()
    reply = system.api.post(f"{talk.path}/messages", token=talk.customer, shed=True,
                            headers={"Accept": "text/event-stream"},
                            json={"text": "좋아요", "client_message_id": str(uuid.uuid4())})
    assert_problem(reply, 503, "dependency_unavailable")
    assert Events(reply).reply.headers["Retry-After"]
