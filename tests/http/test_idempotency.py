"""What moa.install_idempotency gives a domain, with two sessions that meet at one key."""

import threading
from contextlib import closing
from hashlib import sha256

import psycopg2.errors
import pytest

from servers import until

KEY = "5c1d9d4e"
HASH = sha256(b"the first body").digest()
OTHER_HASH = sha256(b"another body").digest()

# A business function as install_idempotency's comment describes one: adds up, and refuses more than 100.
ADD = """
SET ROLE moa_shorts_owner;
CREATE TABLE shorts.total (won bigint NOT NULL);
INSERT INTO shorts.total VALUES (0);
CREATE FUNCTION shorts.add(caller text, key text, hash bytea, won bigint,
	OUT code text, OUT result jsonb, OUT replayed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	SELECT * INTO code, result, replayed FROM claim_key(caller, key, hash);
	IF code IS NOT NULL OR replayed THEN
		RETURN;
	END IF;
	IF add.won > 100 THEN
		PERFORM release_key(caller, key);
		code := 'insufficient_limit';
		RETURN;
	END IF;
	UPDATE total SET won = total.won + add.won RETURNING jsonb_build_object('total_won', total.won) INTO result;
	PERFORM keep_result(caller, key, result);
END
$$;
GRANT EXECUTE ON FUNCTION shorts.add(text, text, bytea, bigint) TO moa_shorts;
RESET ROLE;
"""


@pytest.fixture(scope="module")
def database(make_database):
    made = make_database()
    made.query("SET ROLE moa_shorts_owner; SELECT moa.install_idempotency('shorts')")
    made.query(ADD)
    return made


@pytest.fixture
def shorts(database):
    """The database with no key claimed, nothing added up, and the real time."""
    database.query("DELETE FROM shorts.idempotency; UPDATE shorts.total SET won = 0")
    yield database
    database.query("UPDATE moa.clock SET test_mode = false, shift = '0'")


class Session:
    """A connection that runs one statement at a time, in a thread where it may have to wait."""

    def __init__(self, database):
        self.connection = database.connect()
        self.pid = self.connection.get_backend_pid()
        self.answer = None
        self.thread = None

    def run(self, sql, *args):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, args)
            return cursor.fetchone() if cursor.description else None

    def claim(self, key=KEY, body=HASH, caller="ann"):
        return self.run("SELECT * FROM shorts.claim_key(%s, %s, %s)", caller, key, body)

    def start_claim(self):
        def work():
            self.answer = self.claim()
        self.thread = threading.Thread(target=work, daemon=True)
        self.thread.start()

    def finish(self):
        self.thread.join(20)
        assert not self.thread.is_alive()
        return self.answer


@pytest.fixture
def sessions(shorts):
    two = [Session(shorts), Session(shorts)]
    yield two
    for session in two:
        session.connection.close()


def waits(database, session):
    """Is the session's statement waiting for another transaction?"""
    return database.query("SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'", session.pid)


def race(shorts, sessions, end):
    """The first session claims the key in a transaction; the second comes, waits, and sees how the first ends."""
    first, second = sessions
    first.run("BEGIN")
    assert first.claim() == (None, None, False)
    second.start_claim()
    until(lambda: waits(shorts, second), "the second claim to wait")
    assert second.answer is None
    end(first)
    return second.finish()


def test_second_waits_and_gets_the_result(shorts, sessions):
    def commit(first):
        first.run("SELECT shorts.keep_result('ann', %s, '{\"id\": 7}')", KEY)
        first.run("COMMIT")

    assert race(shorts, sessions, commit) == (None, {"id": 7}, True)


def test_rollback_frees_the_key_for_who_waits(shorts, sessions):
    assert race(shorts, sessions, lambda first: first.run("ROLLBACK")) == (None, None, False)


def test_refusal_frees_the_key_for_who_waits(shorts, sessions):
    def refuse(first):
        first.run("SELECT shorts.release_key('ann', %s)", KEY)
        first.run("COMMIT")

    assert race(shorts, sessions, refuse) == (None, None, False)


def test_broken_connection_frees_the_key_for_who_waits(shorts, sessions):
    assert race(shorts, sessions, lambda first: first.connection.close()) == (None, None, False)


def test_who_would_wait_too_long_is_told_so(shorts, sessions):
    """In less than the 1.5 s a program gives its statements; and its connection stays as it was."""
    first = sessions[0]
    first.run("BEGIN")
    first.claim()
    with closing(shorts.connect(user="moa_shorts")) as program, program.cursor() as cursor:
        call = "SELECT code, result FROM shorts.add('ann', %s, %s, 60)"
        cursor.execute("SET statement_timeout = '1500ms'")
        cursor.execute(call, (KEY, HASH))
        assert cursor.fetchone() == ("idempotency_in_progress", None)
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("2s",)
        first.run("ROLLBACK")
        cursor.execute(call, (KEY, HASH))
        assert cursor.fetchone() == (None, {"total_won": 60})


def test_claim_without_result_is_in_progress(sessions):
    first, second = sessions
    first.claim()
    assert second.claim() == ("idempotency_in_progress", None, False)


def test_other_body_is_refused(sessions):
    first, second = sessions
    first.claim()
    assert second.claim(body=OTHER_HASH) == ("idempotency_key_reused", None, False)
    first.run("SELECT shorts.keep_result('ann', %s, '{}')", KEY)
    assert second.claim(body=OTHER_HASH) == ("idempotency_key_reused", None, False)


def test_keys_of_two_callers_do_not_meet(sessions):
    first, second = sessions
    first.claim()
    assert second.claim(caller="bob", body=OTHER_HASH) == (None, None, False)


@pytest.mark.parametrize("key, body", [("", HASH), ("k" * 256, HASH), (KEY, b"short")],
                         ids=["empty", "long", "short hash"])
def test_impossible_keys_are_faults(sessions, key, body):
    with pytest.raises(psycopg2.errors.CheckViolation):
        sessions[0].claim(key=key, body=body)


def test_longest_key(sessions):
    assert sessions[0].claim(key="k" * 255) == (None, None, False)


@pytest.mark.parametrize("age, kept", [("24 hours", True), ("49 hours", False)])
def test_kept_for_a_day_at_least(shorts, sessions, age, kept):
    sessions[0].claim()
    sessions[0].run("SELECT shorts.keep_result('ann', %s, '{}')", KEY)
    shorts.query("UPDATE moa.clock SET test_mode = true, shift = %s::interval", age)
    with closing(shorts.connect(user="moa_worker")) as worker, worker.cursor() as cursor:
        cursor.execute("SELECT shorts.sweep_keys()")
        assert cursor.fetchone() == (0 if kept else 1,)
    assert sessions[1].claim() == ((None, {}, True) if kept else (None, None, False))


def test_sixteen_at_once_act_once(shorts):
    answers = []

    def call():
        answers.extend(shorts.query("SELECT * FROM shorts.add('ann', %s, %s, 60)", KEY, HASH))

    threads = [threading.Thread(target=call, daemon=True) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert shorts.query("SELECT won FROM shorts.total") == [(60,)]
    assert sorted(answers, key=str) == [(None, {"total_won": 60}, False)] + 15 * [(None, {"total_won": 60}, True)]


def test_refusal_is_not_remembered(shorts):
    call = "SELECT code, result FROM shorts.add('ann', %s, %s, %s)"
    assert shorts.query(call, KEY, HASH, 101) == [("insufficient_limit", None)]
    assert shorts.query("SELECT count(*) FROM shorts.idempotency") == [(0,)]
    assert shorts.query(call, KEY, OTHER_HASH, 99) == [(None, {"total_won": 99})]


def test_functions_are_the_owners_alone(shorts):
    with closing(shorts.connect(user="moa_shorts")) as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SELECT shorts.claim_key('ann', 'k', %s)", [HASH])
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("DELETE FROM shorts.idempotency")
