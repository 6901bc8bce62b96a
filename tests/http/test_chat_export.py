"""What is kept of a conversation can be saved, and goes when it is to go."""

import re

import pytest

from client import assert_problem
from talk import Talk
from worker import run

TABLES = ("session", "message", "turn", "shown", "feedback")


@pytest.fixture
def customer(api):
    return api.register()


def export(talk, token=None):
    return talk.api.get(f"{talk.path}/export", token=token or talk.customer)


def test_everything_is_in_it(api, customer, postgres):
    talk = Talk(api, customer, "ko")
    turn = talk.follow("피곤해요", "캠핑 좋아해요", "3만원 이하로 추천해줘", "다른 거")
    rating = {"rating": -1, "comment": "별로\n\"예요\""}
    assert api.post(f"/chat/messages/{turn['message_id']}/feedback", token=customer, json=rating).status_code == 204
    postgres.query("UPDATE chatbot.session SET summary = '캠핑을 좋아한다.', summary_version = 2 WHERE id = %s", talk.id)
    reply = export(talk)
    assert reply.status_code == 200
    assert reply.headers["Content-Disposition"] == f'attachment; filename="moa-conversation-{talk.id}.json"'
    assert reply.headers["Cache-Control"] == "no-store"
    saved = reply.json()
    now = talk.now()
    assert saved["session"] == {name: now[name] for name in saved["session"]}
    assert saved["summary"] == {"text": "캠핑을 좋아한다.", "turns": 2}
    assert (saved["flow"]["customer"], saved["flow"]["budget_won"]) == (customer.id, "30000")
    extra = {"client_message_id", "comment", "rated_at"}
    assert [{name: value for name, value in message.items() if name not in extra}
            for message in saved["messages"]] == talk.messages()
    assert (saved["messages"][-1]["rating"], saved["messages"][-1]["comment"]) == (-1, rating["comment"])
    assert saved["messages"][-1]["rated_at"] and saved["messages"][-3]["rated_at"] is None
    asked = postgres.query("SELECT client_message_id::text FROM chatbot.turn WHERE session_id = %s", talk.id)
    assert {(message["client_message_id"],) for message in saved["messages"][1::2]} == set(asked)
    assert [card["id"] for card in saved["cards"]] == [product["product_id"] for product in now["products"]]
    shown = [product["product_id"] for message in talk.messages() for product in message.get("products", [])]
    assert saved["shown"] == sorted(shown) and len(shown) == 6


def test_a_conversation_that_has_just_begun(api, customer):
    saved = export(Talk(api, customer)).json()
    assert (len(saved["messages"]), saved["shown"], saved["summary"]) == (1, [], {"text": "", "turns": 0})


def test_only_its_owner_gets_it(api, customer):
    talk = Talk(api, customer)
    assert_problem(export(talk, api.register()), 404, "not_found")
    assert_problem(api.get(f"{talk.path}/export"), 401, "token_missing")
    for session in ("A" * 22, "x", "%20"):
        assert_problem(api.get(f"/chat/sessions/{session}/export", token=customer), 404, "not_found")


def test_the_longest_conversation(api, customer, postgres):
    """Megabytes, in one statement and within its time."""
    talk = Talk(api, customer)
    talk.follow("피곤해요", "캠핑 좋아해요", "추천해줘")
    postgres.query("UPDATE chatbot.session SET version = 500 WHERE id = %s", talk.id)
    postgres.query("""INSERT INTO chatbot.message (session_id, position, role, text, detail)
                      SELECT session_id, n, role, CASE role WHEN 'customer' THEN repeat('가', 1000) ELSE text END, detail
                      FROM chatbot.message, generate_series(7, 1000) n
                      WHERE session_id = %s AND position = 5 + (n + 1) %% 2""", talk.id)
    postgres.query("""INSERT INTO chatbot.turn SELECT session_id, gen_random_uuid(), q.id, a.id FROM chatbot.message q
                      JOIN chatbot.message a USING (session_id)
                      WHERE session_id = %s AND q.position > 6 AND q.position %% 2 = 1 AND a.position = q.position + 1""",
                   talk.id)
    replies = [export(talk) for _ in range(6)]
    assert {(reply.status_code, len(reply.json()["messages"])) for reply in replies} == {(200, 1001)}
    assert len(replies[0].content) > 2_000_000
    # What a process does for itself, reading the public keys, is no statement of the call's.
    assert min(api.system.logged(reply)["statements"] for reply in replies) == 1


def test_at_most_twenty_a_minute(api, customer):
    talk = Talk(api, customer)
    replies = [export(talk) for _ in range(21)]
    assert [reply.status_code for reply in replies] == [200] * 20 + [429]


def test_no_column_is_forgotten(postgres):
    """A new column belongs into the statement, and then here; what tells nothing of the customer stays out."""
    columns = postgres.query("""SELECT table_name || '.' || column_name FROM information_schema.columns
                                WHERE table_schema = 'chatbot' AND table_name = ANY (%s)""", list(TABLES))
    exported = """session.id session.version session.flow session.state session.language session.outcome
        session.cards session.created_at session.updated_at session.summary session.summary_version
        message.id message.role message.text message.detail message.created_at turn.client_message_id shown.product_id
        feedback.rating feedback.comment feedback.given_at"""
    # The caller's own id, the order of the list, what ties rows together, and whose work it is.
    left_out = """session.customer_id message.session_id message.position turn.session_id turn.question_id
        turn.answer_id shown.session_id feedback.message_id session.summary_tries session.summary_leased_until"""
    assert {column for column, in columns} == set(exported.split()) | set(left_out.split())
    tied = postgres.query("""SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'chatbot'::regnamespace
                             AND EXISTS (SELECT FROM pg_constraint WHERE conrelid = pg_class.oid
                                 AND confrelid IN ('chatbot.session'::regclass, 'chatbot.message'::regclass))""")
    assert {table for table, in tied} | {"session"} == set(TABLES)


def counts(postgres, *sessions):
    """How many rows there are of the conversations, by table."""
    keys = {"session": "id", "message": "session_id", "turn": "session_id", "shown": "session_id"}
    found = {table: postgres.query(f"SELECT count(*) FROM chatbot.{table} WHERE {key} = ANY (%s)", list(sessions))[0][0]
             for table, key in keys.items()}
    found["feedback"] = postgres.query("""SELECT count(*) FROM chatbot.feedback f LEFT JOIN chatbot.message m
                                          ON m.id = f.message_id WHERE m.id IS NULL OR m.session_id = ANY (%s)""",
                                       list(sessions))[0][0]
    return found


def a_whole_talk(api, customer, postgres):
    """A conversation that has left a trace everywhere."""
    talk = Talk(api, customer)
    turn = talk.follow("피곤해요", "비밀스러운 취미", "추천해줘")
    api.post(f"/chat/messages/{turn['message_id']}/feedback", token=customer, json={"rating": 1, "comment": "비밀"})
    postgres.query("UPDATE chatbot.session SET summary = '비밀', summary_version = 1 WHERE id = %s", talk.id)
    assert all(counts(postgres, talk.id).values())
    return talk


def test_deleting_leaves_nothing(api, customer, postgres, redis_server):
    talk, other = a_whole_talk(api, customer, postgres), Talk(api, customer)
    assert redis_server.client().keys(f"*{talk.id}*")
    assert api.delete(talk.path, token=customer).status_code == 204
    assert not any(counts(postgres, talk.id).values())
    assert redis_server.client().keys(f"*{talk.id}*") == []
    assert_problem(export(talk), 404, "not_found")
    assert counts(postgres, other.id)["session"] == 1


def test_leaving_leaves_nothing(own_system):
    """The worker erases what PostgreSQL has; what Redis has ends by itself within a day."""
    api, postgres = own_system.api, own_system.postgres
    customer, stays = api.register(), api.register()
    talks = [a_whole_talk(api, customer, postgres).id for _ in range(2)]
    other = a_whole_talk(api, stays, postgres)
    before = counts(postgres, other.id)
    assert api.delete("/auth/me", token=customer, json={"password": customer.password}).status_code == 204
    done = run(own_system, "--once")
    assert done.returncode == 0, done.stderr
    assert not any(counts(postgres, *talks).values())
    assert counts(postgres, other.id) == before
    assert api.get("/chat/sessions", token=customer).json()["items"] == []
    redis = own_system.redis.client()
    left = [key for key in redis.keys() if re.search("|".join(talks), key)]
    assert all(0 < redis.ttl(key) <= 24 * 3600 for key in left)
