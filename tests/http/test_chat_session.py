"""Conversations as things: opening, listing, reading, rating and deleting them, and whose they are."""

import re
import uuid

import pytest

from client import assert_problem
from talk import Talk


@pytest.fixture
def customer(api):
    return api.register()


def pages(api, path, token, limit):
    """All items of a list, page by page."""
    found, cursor = [], None
    while True:
        reply = api.get(path, token=token, params={"limit": limit, **({"cursor": cursor} if cursor else {})})
        assert reply.status_code == 200, reply.text
        page = reply.json()
        assert len(page["items"]) <= limit
        found += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return found


def test_opening(api, customer):
    reply = api.post("/chat/sessions", token=customer)
    assert reply.status_code == 201
    opened = reply.json()
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", opened["id"]) and opened["state"] == "mood_check"
    assert opened["reply"] and len(opened["choices"]) >= 3
    assert "RateLimit" in reply.headers
    assert len({Talk(api, customer).id for _ in range(5)}) == 5


@pytest.mark.parametrize("body, field", [({"language": "fr"}, "language"), ({"language": 1}, "language"),
                                         ({"flow": "done"}, "flow")])
def test_opening_wrongly(api, customer, body, field):
    problem = assert_problem(api.post("/chat/sessions", token=customer, json=body), 422, "validation_failed")
    assert [fault["field"] for fault in problem["errors"]] == [field]


def test_signing_in_comes_first(api):
    for method, path in (("GET", "/chat/sessions"), ("POST", "/chat/sessions"), ("GET", "/chat/sessions/x/messages")):
        assert_problem(api.request(method, path), 401, "token_missing")


def test_resuming_elsewhere(api, customer):
    talk = Talk(api, customer, "en")
    turn = talk.follow("great", "music", "recommend something")
    again = api.login(customer.email, customer.password)["access_token"]
    now = api.get(talk.path, token=again).json()
    assert (now["state"], now["turns"], now["outcome"]) == ("recommendation", 3, None)
    assert (now["reply"], now["choices"], now["products"]) == (turn["reply"], turn["choices"], turn["products"])
    assert talk.send("the second one", token=again).json()["outcome"] == "accepted"


def test_the_list(api, customer):
    talks = [Talk(api, customer).id for _ in range(7)]
    for limit in (1, 3, 7, 100):
        assert [item["id"] for item in pages(api, "/chat/sessions", customer, limit)] == talks[::-1]
    first = api.get("/chat/sessions", token=customer, params={"limit": 3}).json()
    Talk(api, customer)
    assert api.delete(f"/chat/sessions/{talks[5]}", token=customer).status_code == 204
    rest = api.get("/chat/sessions", token=customer, params={"limit": 10, "cursor": first["next_cursor"]}).json()
    assert [item["id"] for item in rest["items"]] == talks[3::-1]
    assert api.get("/chat/sessions", token=api.register()).json() == {"items": [], "next_cursor": None}


def test_the_history(api, customer):
    talk = Talk(api, customer, "ko")
    texts = ["피곤해요", "줄이\n바뀌어도\t괜찮아요 😀 \"따옴표\"", "추천해줘"]
    turns = [talk.say(text) for text in texts]
    items = pages(api, f"{talk.path}/messages", customer, 2)
    assert [item["role"] for item in items] == ["assistant", "customer"] * 3 + ["assistant"]
    assert [item["text"] for item in items[1::2]] == texts
    assert items[0]["text"] == talk.opened["reply"]
    for item, turn in zip(items[2::2], turns):
        assert (item["id"], item["text"]) == (turn["message_id"], turn["reply"])
        assert all(item[name] == turn[name] for name in ("state", "choices", "products", "engine", "outcome", "link"))
    assert items == talk.messages()


@pytest.mark.parametrize("cursor", ["x", "", "m", "m-1", "m1'", "0" * 39, "m" + "9" * 30])
def test_bad_cursors(api, customer, cursor):
    talk = Talk(api, customer)
    assert_problem(api.get("/chat/sessions", token=customer, params={"cursor": cursor}), 400, "invalid_cursor")
    assert_problem(api.get(f"{talk.path}/messages", token=customer, params={"cursor": cursor}), 400, "invalid_cursor")


@pytest.mark.parametrize("body, field", [
    ({"client_message_id": str(uuid.uuid4())}, "text"),
    ({"text": "", "client_message_id": str(uuid.uuid4())}, "text"),
    ({"text": "가" * 1001, "client_message_id": str(uuid.uuid4())}, "text"),
    ({"text": "a\u0007b", "client_message_id": str(uuid.uuid4())}, "text"),
    ({"text": ["a"], "client_message_id": str(uuid.uuid4())}, "text"),
    ({"text": "안녕"}, "client_message_id"),
    ({"text": "안녕", "client_message_id": "1"}, "client_message_id"),
    ({"text": "안녕", "client_message_id": str(uuid.uuid4()), "state": "done"}, "state"),
])
def test_wrong_messages(api, customer, body, field):
    talk = Talk(api, customer)
    problem = assert_problem(api.post(f"{talk.path}/messages", token=customer, json=body), 422, "validation_failed")
    assert [fault["field"] for fault in problem["errors"]] == [field]
    assert talk.now()["turns"] == 0


def test_who_takes_both_gets_json(api, customer):
    talk = Talk(api, customer)
    body = {"text": "안녕", "client_message_id": str(uuid.uuid4())}
    both = {"Accept": "text/event-stream, application/json"}
    reply = api.post(f"{talk.path}/messages", token=customer, json=body, headers=both)
    assert reply.status_code == 200 and reply.headers["Content-Type"] == "application/json"


def test_the_longest_message(api, customer):
    talk = Talk(api, customer)
    for text in ("가" * 1000, "😀" * 1000, "' OR 1=1; -- {{limit}} %s \\ \"" * 30):
        assert talk.send(text).status_code == 200
    assert talk.messages()[1]["text"] == "가" * 1000


def test_anothers_conversation_is_not_found(api, customer):
    talk, stranger = Talk(api, customer), api.register()
    turn = talk.say("좋아요")
    for method, path, body in (("GET", talk.path, None), ("DELETE", talk.path, None),
                               ("GET", f"{talk.path}/messages", None),
                               ("POST", f"{talk.path}/messages", {"text": "a", "client_message_id": str(uuid.uuid4())}),
                               ("POST", f"/chat/messages/{turn['message_id']}/feedback", {"rating": 1})):
        assert_problem(api.request(method, path, token=stranger, json=body), 404, "not_found")
    assert talk.now()["turns"] == 1


@pytest.mark.parametrize("session", ["A" * 22, "x", "%20", "A" * 300, "..%00"])
def test_no_such_conversation(api, customer, redis_server, session):
    path = f"/chat/sessions/{session}"
    body = {"text": "a", "client_message_id": str(uuid.uuid4())}
    for method, where, sent in (("GET", path, None), ("DELETE", path, None), ("GET", path + "/messages", None),
                                ("POST", path + "/messages", body)):
        assert api.request(method, where, token=customer, json=sent).status_code == (400 if "%00" in path else 404)
    assert not redis_server.client().exists(f"{{chat:{session}}}:flow")


def test_deleting_erases(api, customer, postgres, redis_server):
    talk, other = Talk(api, customer), Talk(api, customer)
    turn = talk.follow("피곤해요", "비밀스러운 취미", "추천해줘")
    assert api.post(f"/chat/messages/{turn['message_id']}/feedback", token=customer, json={"rating": 1}).status_code == 204
    assert redis_server.client().keys(f"*{talk.id}*")
    assert api.delete(talk.path, token=customer).status_code == 204
    assert redis_server.client().keys(f"*{talk.id}*") == []
    for table in ("message", "turn", "shown"):
        assert postgres.query(f"SELECT count(*) FROM chatbot.{table} WHERE session_id = %s", talk.id) == [(0,)]
    assert postgres.query("SELECT count(*) FROM chatbot.feedback WHERE message_id = %s", turn["message_id"]) == [(0,)]
    assert_problem(api.get(talk.path, token=customer), 404, "not_found")
    assert_problem(api.delete(talk.path, token=customer), 404, "not_found")
    assert_problem(talk.send("아직 있니"), 404, "not_found")
    assert redis_server.client().keys(f"*{talk.id}*") == []
    assert [item["id"] for item in pages(api, "/chat/sessions", customer, 10)] == [other.id]


def test_leaving_erases(api, customer, postgres):
    Talk(api, customer).say("좋아요")
    postgres.query("SELECT chatbot.erase(%s)", customer.id)
    assert api.get("/chat/sessions", token=customer).json()["items"] == []


def test_feedback(api, customer):
    talk = Talk(api, customer)
    turn = talk.say("좋아요")
    path = f"/chat/messages/{turn['message_id']}/feedback"
    for body in ({"rating": 1}, {"rating": -1, "comment": "별로\n예요"}, {"rating": -1, "comment": None}):
        assert api.post(path, token=customer, json=body).status_code == 204
    greeting, question, answer = talk.messages()
    assert answer["rating"] == -1 and greeting["rating"] is None
    assert_problem(api.post(f"/chat/messages/{question['id']}/feedback", token=customer, json={"rating": 1}),
                   404, "not_found")
    assert_problem(api.post("/chat/messages/nonsense/feedback", token=customer, json={"rating": 1}), 404, "not_found")
    for body in ({}, {"rating": 0}, {"rating": 2}, {"rating": "1"}, {"rating": 1, "comment": "a" * 501}):
        assert_problem(api.post(path, token=customer, json=body), 422, "validation_failed")


def test_at_most_a_hundred_conversations(api, customer, postgres):
    talk = Talk(api, customer)
    postgres.query("""INSERT INTO chatbot.session (id, customer_id, flow)
                      SELECT left(md5(%s || n), 22), customer_id, flow
                      FROM chatbot.session, generate_series(1, 99) n WHERE id = %s""", talk.id, talk.id)
    problem = assert_problem(api.post("/chat/sessions", token=customer), 409, "conflict")
    assert "100" in problem["detail"]
    assert api.delete(talk.path, token=customer).status_code == 204
    assert api.post("/chat/sessions", token=customer).status_code == 201


def test_a_conversation_has_an_end(api, customer, postgres):
    talk = Talk(api, customer)
    talk.say("좋아요")
    postgres.query("UPDATE chatbot.session SET version = 500 WHERE id = %s", talk.id)
    assert_problem(talk.send("음악"), 409, "conversation_over")
    assert_problem(talk.send("음악"), 409, "conversation_over")


def test_turns_are_limited_to_sixty_a_minute(api, customer):
    talk = Talk(api, customer)
    replies = [talk.send("고마워") for _ in range(61)]
    assert [reply.status_code for reply in replies] == [200] * 60 + [429]
    assert_problem(replies[-1], 429, "rate_limited")
    assert int(replies[-1].headers["Retry-After"]) > 0
    assert 'r=59' in replies[0].headers["RateLimit"]
    assert Talk(api, api.register()).say("좋아요")["state"] == "hobby_check"
