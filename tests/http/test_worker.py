"""moa-worker: what it erases and sweeps, and that neither weather nor a signal upsets it."""

import shutil
import signal
import uuid
from contextlib import closing
from types import SimpleNamespace

import pytest

from moa import binary, new_place
from servers import Postgres, end, spawn, until
from worker import environment, run, start


@pytest.fixture
def database(make_database):
    return make_database()


def leave(database, *domains, days_ago=0):
    """Somebody with an account and a conversation who has just left; returns the id."""
    customer = str(uuid.uuid4())
    database.query("INSERT INTO pay.account (customer_id, points) VALUES (%s, 7)", customer)
    database.query("INSERT INTO auth.erasure (customer_id, domain, asked_at) "
                   "SELECT %s, unnest(%s), now() - %s * interval '1 day'", customer, list(domains), days_ago)
    return customer


def talk(database, customer, number):
    """A conversation of the customer's, as far as the database cares."""
    database.query("INSERT INTO chatbot.session (id, customer_id, flow) VALUES (%s, %s, %s)", f"{number:022d}",
                   customer, '{"state": "mood_check", "language": "ko"}')


def open_erasures(database):
    return database.query("SELECT customer_id, domain, tries FROM auth.erasure WHERE done_at IS NULL ORDER BY domain")


def test_once_erases_what_is_due(database):
    gone = [leave(database, "pay", "chatbot") for _ in range(3)]
    stays = str(uuid.uuid4())
    database.query("INSERT INTO pay.account (customer_id) VALUES (%s)", stays)
    for number, customer in enumerate((*gone, stays)):
        talk(database, customer, number)
    done = run(database, "--once")
    assert done.returncode == 0, done.stderr
    assert open_erasures(database) == []
    assert database.query("SELECT customer_id::text FROM pay.account WHERE erased_at IS NULL") == [(stays,)]
    assert database.query("SELECT customer_id::text FROM chatbot.session") == [(stays,)]
    # The books keep their figures, and answer nobody.
    assert database.query("SELECT points, pay.standing(customer_id), pay.available_won(customer_id) "
                          "FROM pay.account WHERE customer_id = %s", gone[0]) == [(7, None, None)]


def test_once_with_nothing_to_do(database):
    done = run(database, "--once")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_failing_erasure_holds_up_no_other(database):
    """An unknown domain stays on the list and is leased; the others are done; the status tells."""
    customer = leave(database, "nowhere", days_ago=2)
    leave(database, "pay")
    done = run(database, "--once")
    assert done.returncode == 1
    assert "domain=nowhere" in done.stderr
    assert open_erasures(database) == [(customer, "nowhere", 1)]
    assert run(database, "--once").returncode == 0, "not due again before its lease ends"
    assert open_erasures(database) == [(customer, "nowhere", 1)]


@pytest.mark.parametrize("days_ago, level", [(0, "warn"), (2, "error")])
def test_an_erasure_that_stays_open_grows_loud(database, days_ago, level):
    leave(database, "nowhere", days_ago=days_ago)
    log = run(database, "--once").stderr.splitlines()
    [line] = [line for line in log if "event=erase " in line and "done=0" in line]
    assert f" level={level} " in line
    [(asked_at,)] = database.query("SELECT moa.rfc3339(asked_at) FROM auth.erasure")
    assert f" tries=1 asked_at={asked_at}" in line


def test_an_erasure_that_raises_is_tried_again(database):
    """The domain's function fails, then works: nothing is lost in between."""
    leave(database, "pay")
    database.query("ALTER TABLE pay.account ADD CONSTRAINT stuck CHECK (erased_at IS NULL)")
    assert run(database, "--once").returncode == 1
    assert [tries for _, _, tries in open_erasures(database)] == [1]
    database.query("ALTER TABLE pay.account DROP CONSTRAINT stuck")
    database.query("UPDATE auth.erasure SET leased_until = now()")
    assert run(database, "--once").returncode == 0
    assert open_erasures(database) == []


def test_two_workers_share_the_work(database):
    """What one has leased the other does not touch."""
    for _ in range(20):
        leave(database, "pay", "chatbot")
    pair = [start(database, "--once") for _ in range(2)]
    logs = [worker.communicate(timeout=60)[1] for worker in pair]
    assert [worker.returncode for worker in pair] == [0, 0]
    assert "".join(logs).count("event=erase ") == 40
    assert database.query("SELECT DISTINCT tries FROM auth.erasure") == [(1,)]


def test_once_sweeps(database):
    database.query("INSERT INTO auth.failure (account, address, at) VALUES ('a@example.com', '::1', now() - "
                   "interval '1 hour'), ('b@example.com', '::1', now())")
    done = run(database, "--once")
    assert done.returncode == 0
    assert database.query("SELECT account FROM auth.failure") == [("b@example.com",)]
    assert "event=sweep domain=auth rows=1" in done.stderr


def test_once_forgets_wrong_codes(database):
    """Whoever sent them, and from where: only the last ten minutes count."""
    guesser = str(uuid.uuid4())
    database.query("SELECT pay.open_account(%s)", guesser)
    for minutes in (9, 11):
        database.query("INSERT INTO pay.wrong_code SELECT %s, now() - make_interval(mins => %s)", guesser, minutes)
        database.query("INSERT INTO pay.wrong_code_from SELECT %s, now() - make_interval(mins => %s)", str(minutes), minutes)
    done = run(database, "--once")
    assert (done.returncode, "event=sweep domain=pay rows=2" in done.stderr) == (0, True)
    assert database.query("SELECT count(*), (SELECT count(*) FROM pay.wrong_code_from) FROM pay.wrong_code") == [(1, 1)]


def test_once_erases_conversations_of_last_year(database):
    """All of them, though one call of the database takes only so many."""
    database.ctl("clock", "on")
    for number in range(450):
        talk(database, str(uuid.uuid4()), number)
    database.ctl("clock", "advance", "2 days")
    talk(database, str(uuid.uuid4()), 450)
    database.ctl("clock", "advance", "364 days")
    done = run(database, "--once")
    assert done.returncode == 0
    assert "event=sweep domain=chatbot rows=450" in done.stderr
    assert database.query("SELECT id FROM chatbot.session") == [(f"{450:022d}",)]


def test_check_and_bad_configuration(database):
    assert run(database, "-n").returncode == 0
    wrong = run(database, "-n", MOA_PG="", MOA_LOG_LEVEL="loud")
    assert wrong.returncode == 1
    assert "variable=MOA_PG " in wrong.stderr and "variable=MOA_LOG_LEVEL " in wrong.stderr


@pytest.mark.parametrize("args", [["--frob"], ["--once", "again"]])
def test_unknown_words(database, args):
    wrong = run(database, *args)
    assert wrong.returncode == 2
    assert "moa-worker" in wrong.stderr


def test_help(database):
    done = run(database, "--help")
    assert done.returncode == 0
    assert "--once" in done.stdout and "MOA_PG" in done.stdout


def test_once_without_postgres(database):
    done = run(database, "--once", MOA_PG="host=/nowhere dbname=moa")
    assert done.returncode == 1


@pytest.fixture
def own(template, secret):
    """A PostgreSQL of the test's own, to break, and a worker on it."""
    place = new_place()
    postgres = Postgres(place / "pg", template)
    worker = SimpleNamespace(process=None, postgres=postgres, query=postgres.query, log=place / "log")

    def begin():
        env = environment(f"host={postgres.sockets} dbname=moa")
        worker.process = spawn([binary("moa-worker")], worker.log, env=env)
        until(lambda: "event=start" in worker.log.read_text(), "the worker to start")

    def stop(how=signal.SIGTERM, seconds=30):
        return end(worker.process, how, seconds)

    worker.start, worker.stop = begin, stop
    yield worker
    if worker.process:
        stop(signal.SIGKILL)
    postgres.stop()
    shutil.rmtree(place, ignore_errors=True)


def done(worker):
    return worker.query("SELECT count(*) FROM auth.erasure WHERE done_at IS NOT NULL") == [(1,)]


def test_runs_and_stops_cleanly(own):
    own.postgres.start()
    own.start()
    leave(own, "pay")
    until(lambda: done(own), "the erasure")
    assert own.stop() == 0
    assert "event=stop" in own.log.read_text()


def test_starts_before_postgres(own):
    own.start()
    until(lambda: "event=db_connect" in own.log.read_text(), "a failed connection")
    own.postgres.start()
    leave(own, "pay")
    until(lambda: done(own), "the erasure", 40)
    assert own.stop() == 0


def test_survives_a_restart_of_postgres(own):
    own.postgres.start()
    own.start()
    until(lambda: "event=sweep" in own.log.read_text(), "the first sweep")
    own.postgres.stop()
    until(lambda: "event=db_connect" in own.log.read_text(), "the connection to be missed")
    own.postgres.start()
    leave(own, "pay")
    until(lambda: done(own), "the erasure", 40)
    assert own.stop() == 0


@pytest.fixture
def held_up(own):
    """A worker that is in the middle of an erasure: somebody holds the row it needs."""
    own.postgres.start()
    customer = leave(own, "pay")
    with closing(own.postgres.connect()) as holder, holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT FROM pay.account WHERE customer_id = %s FOR UPDATE", (customer,))
        own.start()
        until(lambda: own.query("SELECT 1 FROM pg_stat_activity WHERE usename = 'moa_worker' "
                                "AND wait_event_type = 'Lock'"), "the erasure to wait")
        yield own


def test_stops_while_postgres_is_frozen(held_up):
    """No answer will ever come to the statement that is running: the worker still ends within 30 s."""
    held_up.postgres.freeze()
    try:
        assert held_up.stop(seconds=30) == 0
    finally:
        held_up.postgres.thaw()


def test_killed_in_the_middle_loses_nothing(held_up):
    """The next worker takes over when the lease of the dead one has ended."""
    assert held_up.stop(signal.SIGKILL) == -signal.SIGKILL
    held_up.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'")
    held_up.query("UPDATE auth.erasure SET leased_until = now()")
    held_up.start()
    until(lambda: done(held_up), "the erasure")
    assert held_up.query("SELECT tries FROM auth.erasure") == [(2,)]
    assert held_up.stop() == 0
