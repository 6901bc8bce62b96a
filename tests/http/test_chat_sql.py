"""What the chatbot's schema offers the worker, as the worker's role: summaries of conversations, and the end of old ones."""

from contextlib import closing

import pytest

ASKED = "SELECT id, version, summary, language, messages FROM chatbot.next_summary()"


@pytest.fixture
def database(make_database):
    return make_database()


def talk(database, number, turns, language="ko", text="말 {}", customer="00000000-0000-4000-8000-000000000001"):
    """A conversation of so many turns; message {} is text with its position.  Returns the id."""
    name = f"{number:022d}"
    database.query("INSERT INTO chatbot.session (id, customer_id, version, flow) VALUES (%s, %s, %s, "
                   "jsonb_build_object('state', 'choose', 'language', %s::text))", name, customer, turns, language)
    database.query("""INSERT INTO chatbot.message (session_id, position, role, text, detail)
                      SELECT %s, n, CASE n %% 2 WHEN 1 THEN 'customer' ELSE 'assistant' END, replace(%s, '{}', n::text),
                          CASE n %% 2 WHEN 0 THEN '{}'::jsonb END
                      FROM generate_series(0, %s) n""", name, text, 2 * turns)
    return name


def more_turns(database, name, turns):
    """The conversation goes on."""
    [(version,)] = database.query("SELECT version FROM chatbot.session WHERE id = %s", name)
    database.query("UPDATE chatbot.session SET version = version + %s, updated_at = moa.now() WHERE id = %s", turns, name)
    database.query("""INSERT INTO chatbot.message (session_id, position, role, text, detail)
                      SELECT %s, n, CASE n %% 2 WHEN 1 THEN 'customer' ELSE 'assistant' END, 'more ' || n,
                          CASE n %% 2 WHEN 0 THEN '{}'::jsonb END
                      FROM generate_series(%s, %s) n""", name, 2 * version + 1, 2 * (version + turns))


def work(database, sql, *args):
    """Run one statement as the worker and return its rows."""
    with closing(database.connect("moa_worker")) as connection, connection.cursor() as cursor:
        cursor.execute(sql, args or None)
        return cursor.fetchall()


def due(database):
    return [row[0] for row in work(database, ASKED)]


def put(database, name, version, summary):
    return work(database, "SELECT chatbot.put_summary(%s, %s, %s)", name, version, summary) == [(True,)]


def kept(database, name):
    [row] = database.query("SELECT summary, summary_version FROM chatbot.session WHERE id = %s", name)
    return row


def test_four_turns_are_due_and_three_are_not(database):
    talk(database, 1, 3)
    assert work(database, ASKED) == []
    name = talk(database, 2, 4, "en")
    assert work(database, ASKED) == [(name, 4, "", "en", [
        {"role": ("assistant", "customer")[n % 2], "text": f"말 {n}"} for n in range(1, 9)])]
    assert due(database) == [], "leased"
    assert put(database, name, 4, "요약")
    more_turns(database, name, 3)
    assert due(database) == []
    more_turns(database, name, 1)
    [(_, version, summary, _, messages)] = work(database, ASKED)
    assert (version, summary) == (8, "요약")
    assert [message["text"] for message in messages] == [f"more {n}" for n in range(9, 17)]


def test_the_newest_forty_messages(database):
    talk(database, 1, 30)
    [(_, version, _, _, messages)] = work(database, ASKED)
    assert version == 30
    assert [message["text"] for message in messages] == [f"말 {n}" for n in range(21, 61)]


@pytest.mark.parametrize("length, fit", [(990, 8), (500, 15), (8001, 0)])
def test_at_most_eight_thousand_characters(database, length, fit):
    talk(database, 1, 30, text="{} " + "가" * length)
    [(_, _, _, _, messages)] = work(database, ASKED)
    assert [message["text"].split()[0] for message in messages] == [str(n) for n in range(61 - fit, 61)]


def test_a_lease_ends(database):
    name = talk(database, 1, 4)
    assert due(database) == [name]
    database.query("UPDATE chatbot.session SET summary_leased_until = summary_leased_until - interval '59 seconds'")
    assert due(database) == []
    database.query("UPDATE chatbot.session SET summary_leased_until = summary_leased_until - interval '1 second'")
    assert due(database) == [name]


def test_failures_put_it_off_longer_and_longer(database):
    name = talk(database, 1, 4)
    waits = []
    for _ in range(8):
        work(database, "SELECT chatbot.delay_summary(%s, 4)", name)
        waits += database.query("SELECT round(extract(epoch FROM summary_leased_until - moa.now()) / 60)::int "
                                "FROM chatbot.session")
        assert due(database) == []
    assert [minutes for minutes, in waits] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert put(database, name, 4, "late")
    assert database.query("SELECT summary_tries, summary_leased_until FROM chatbot.session") == [(0, None)]


def test_a_newer_summary_stays(database):
    """Two workers: the lease of the first ended before it was done."""
    name = talk(database, 1, 8)
    assert put(database, name, 8, "newer")
    assert not put(database, name, 4, "older")
    assert not put(database, name, 8, "as old")
    assert kept(database, name) == ("newer", 8)


def test_a_summary_for_nobody(database):
    assert not put(database, "0" * 22, 4, "ghost")
    work(database, "SELECT chatbot.delay_summary(%s, 4)", "0" * 22)


def test_what_rests_is_left_alone_until_it_goes_on(database):
    name = talk(database, 1, 4)
    database.query("UPDATE chatbot.session SET updated_at = moa.now() - interval '25 hours'")
    assert due(database) == []
    more_turns(database, name, 1)
    assert due(database) == [name]


def test_who_talks_now_comes_first(database):
    names = [talk(database, number, 4) for number in range(3)]
    for minutes, name in enumerate(names):
        database.query("UPDATE chatbot.session SET updated_at = moa.now() - %s * interval '1 minute' WHERE id = %s",
                       minutes, name)
    assert [due(database) for _ in range(4)] == [[names[0]], [names[1]], [names[2]], []]


def test_a_turn_being_committed_is_passed_over(database):
    busy, free = talk(database, 1, 4), talk(database, 2, 4)
    with closing(database.connect()) as turn, turn.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE chatbot.session SET version = version + 1 WHERE id = %s", (busy,))
        assert due(database) == [free]
        cursor.execute("ROLLBACK")
    assert due(database) == [busy]


def sweep(database):
    """Call as the worker does, until nothing is left; returns how many went at each call."""
    counts = []
    while True:
        [(erased, more)] = work(database, "SELECT erased, more FROM chatbot.sweep()")
        counts.append(erased)
        if not more:
            return counts


def test_a_year_after_the_last_turn_a_conversation_ends(database):
    database.ctl("clock", "on")
    gone, stays = talk(database, 1, 2), talk(database, 2, 2)
    database.query("INSERT INTO chatbot.shown VALUES (%s, 'camping-01')", gone)
    database.query("INSERT INTO chatbot.feedback (message_id, rating) SELECT id, 1 FROM chatbot.message "
                   "WHERE session_id = %s AND position = 2", gone)
    database.query("INSERT INTO chatbot.turn SELECT %s, gen_random_uuid(), q.id, a.id FROM chatbot.message q "
                   "JOIN chatbot.message a USING (session_id) WHERE session_id = %s AND q.position = 1 "
                   "AND a.position = 2", gone, gone)
    database.ctl("clock", "advance", "364 days")
    more_turns(database, stays, 1)
    assert sweep(database) == [0]
    database.ctl("clock", "advance", "25 hours")
    assert sweep(database) == [1]
    assert database.query("SELECT id FROM chatbot.session") == [(stays,)]
    assert database.query("SELECT DISTINCT session_id FROM chatbot.message") == [(stays,)]
    for table in ("shown", "feedback", "turn"):
        assert database.query(f"SELECT count(*) FROM chatbot.{table}") == [(0,)]
    database.ctl("clock", "advance", "365 days")
    assert sweep(database) == [1]


def test_the_sweep_is_bounded(database):
    database.query("""INSERT INTO chatbot.session (id, customer_id, flow, created_at, updated_at)
                      SELECT lpad(n::text, 22, '0'), gen_random_uuid(), '{"state": "choose", "language": "ko"}',
                          moa.now() - interval '2 years', moa.now() - interval '366 days'
                      FROM generate_series(1, 450) n""")
    assert sweep(database) == [200, 200, 50]


@pytest.mark.parametrize("what, index", [
    ("SELECT FROM chatbot.next_summary()", "session_summary"), ("SELECT FROM chatbot.sweep()", "session_created"),
])
def test_neither_looks_at_every_conversation(database, what, index):
    """Among many that are not due, the few are found by an index."""
    database.query("""INSERT INTO chatbot.session (id, customer_id, flow)
                      SELECT lpad(n::text, 22, '0'), gen_random_uuid(), '{"state": "choose", "language": "ko"}'
                      FROM generate_series(1, 3000) n""")
    database.query("ANALYZE chatbot.session")
    scans = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = %s"
    assert database.query(scans, index) == [(0,)]
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(what)
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(scans, (index,))
        assert cursor.fetchone()[0] > 0
