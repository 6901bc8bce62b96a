"""moa-ctl: every command, what it says when it cannot, and its exit status."""

import base64
import hashlib
import hmac
import re
import secrets
import shutil
import subprocess
import uuid
from contextlib import closing

import pytest

from clips import SHORT
from moa import TREE, binary, new_place
from servers import Postgres

FILES = sorted(path.name for path in (TREE / "sql").glob("[0-9]*.sql"))
EMAIL = "Jin.Park@example.com"
PASSWORD = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"


@pytest.fixture(scope="module")
def shared(make_database):
    """A database for tests that look, or change what only they look at."""
    return make_database()


@pytest.fixture
def database(make_database):
    return make_database()


@pytest.fixture
def empty(make_database):
    return make_database(migrated=False)


@pytest.fixture
def sql_dir(tmp_path):
    """A copy of the migrations to spoil."""
    for name in FILES:
        shutil.copy(TREE / "sql" / name, tmp_path)
    return tmp_path


@pytest.fixture
def customer(database):
    """A customer with an account and two open sessions."""
    number = str(uuid.uuid4())
    database.query("INSERT INTO auth.customer (id, email, password, name, birth_date, language) "
                   "VALUES (%s, %s, %s, '박진', '1999-04-01', 'ko')", number, EMAIL, PASSWORD)
    database.query("SELECT pay.open_account(%s)", number)
    database.query("INSERT INTO auth.session (customer_id, device, address, expires_at) SELECT %s, 'phone', '::1', "
                   "now() + interval '1 day' FROM generate_series(1, 2)", number)
    return number


def audit(database):
    return database.query("SELECT actor, action, subject FROM auth.audit ORDER BY id")


# The command line

COMMANDS = ("migrate", "role password", "keys init", "keys rotate", "keys list", "admin add", "admin remove",
            "admin list", "customer show", "customer reset", "customer revoke", "merchant add", "merchant list",
            "merchant rotate", "clock show",
            "clock on", "clock off",
            "clock set", "clock advance", "clock reset", "jobs list", "jobs run",
            "ledger verify", "gateway reconcile", "gateway refunds", "gateway retry", "shorts verify", "doctor")


def test_help_lists_every_command(shared):
    text = shared.ctl("--help")
    assert tuple(re.findall(r"^  ([a-z]+(?: [a-z]+)?)(?= )", text, re.M)) == COMMANDS
    assert "MOA_PG" in text and "MOA_AUTH_SECRET" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(shared, command):
    assert shared.ctl(*command.split(), "--help").startswith(f"Usage: moa-ctl {command}")


@pytest.mark.parametrize("words", [
    "", "frobnicate", "keys", "key init", "keys init now", "customer show", "customer show a b", "migrate now",
    "migrate --dry-run --dry-run",
])
def test_what_is_not_understood(shared, words):
    done = shared.ctl.run(*words.split())
    assert done.returncode == 2
    assert "moa-ctl" in done.stderr or "keys init" in done.stderr or "Usage" in done.stdout


@pytest.mark.parametrize("words", ["migrate", "keys list", "clock show", "admin list", "customer show a@example.com"])
def test_no_postgres(shared, words):
    done = shared.ctl.run(*words.split(), env={"MOA_PG": "host=/nowhere"})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("moa-ctl: ")


# migrate

def applied(database):
    return [name for name, in database.query("SELECT format('%s_%s.sql', lpad(number::text, 4, '0'), name) "
                                             "FROM moa.migration ORDER BY number")]


def test_migrate_from_nothing_and_again(empty):
    assert empty.ctl("migrate").splitlines() == [f"applied {name}" for name in FILES]
    assert applied(empty) == FILES
    assert empty.ctl("migrate") == ""


def test_dry_run_changes_nothing(empty):
    assert empty.ctl("migrate", "--dry-run").splitlines() == [f"would apply {name}" for name in FILES]
    assert empty.query("SELECT to_regnamespace('moa') IS NULL") == [(True,)]


def test_checksum_is_blake2b_of_the_file(shared):
    digest = hashlib.blake2b((TREE / "sql" / FILES[0]).read_bytes(), digest_size=32).hexdigest()
    assert shared.query("SELECT checksum FROM moa.migration WHERE number = 1") == [(digest,)]


def at_once(environments):
    """Start one migrate in each environment, all at the same time; (status, output, errors) of each."""
    crowd = [subprocess.Popen([binary("moa-ctl"), "migrate"], env=env, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) for env in environments]
    said = [one.communicate(timeout=60) for one in crowd]
    return [(one.returncode, out, err) for one, (out, err) in zip(crowd, said)]


def test_many_at_once(empty):
    """Each migration is applied once, whoever comes first, and nobody fails."""
    done = at_once([empty.ctl.env] * 6)
    assert [status for status, _, _ in done] == [0] * 6, done
    assert sorted("".join(out for _, out, _ in done).splitlines()) == [f"applied {name}" for name in FILES]


def test_databases_of_a_new_cluster_at_once(ctl):
    """Roles are the cluster's: first migrations of several databases must not trip over each other."""
    place = new_place()
    cluster = Postgres(place / "pg").start()
    try:
        names = [f"moa_{n}" for n in range(4)]
        with closing(cluster.connect(dbname="postgres")) as connection, connection.cursor() as cursor:
            for name in names:
                cursor.execute(f"CREATE DATABASE {name}")
        done = at_once([{**ctl.env, "MOA_PG": cluster.dsn(dbname=name)} for name in names])
        assert [status for status, _, _ in done] == [0] * 4, done
        assert {out for _, out, _ in done} == {"".join(f"applied {name}\n" for name in FILES)}
    finally:
        cluster.stop()
        shutil.rmtree(place, ignore_errors=True)


def refuse(database, sql_dir, *words):
    """migrate with these files fails, says all the words, and leaves what was applied as it was."""
    before = applied(database)
    done = database.ctl.run("migrate", env={"MOA_SQL_DIR": str(sql_dir)})
    assert done.returncode == 1
    for word in words:
        assert word in done.stderr
    assert applied(database) == before
    return done


def test_changed_file(database, sql_dir):
    with (sql_dir / FILES[1]).open("a") as file:
        file.write("-- one more line\n")
    (sql_dir / "0099_more.sql").write_text("SELECT 1;")
    refuse(database, sql_dir, FILES[1], "never changes")


def test_missing_file(database, sql_dir):
    (sql_dir / FILES[-1]).unlink()
    refuse(database, sql_dir, f"migration {int(FILES[-1][:4])} ")


def test_latecomer(database, sql_dir):
    (sql_dir / "0099_more.sql").write_text("SELECT 1;")
    database.ctl.run("migrate", env={"MOA_SQL_DIR": str(sql_dir)})
    (sql_dir / "0098_late.sql").write_text("SELECT 1;")
    refuse(database, sql_dir, "0098_late.sql was left out")


def test_one_number_twice(database, sql_dir):
    (sql_dir / "0001_other.sql").write_text("SELECT 1;")
    refuse(database, sql_dir, "0001_foundation.sql and 0001_other.sql")


def test_failing_file_leaves_nothing(database, sql_dir):
    (sql_dir / "0098_good.sql").write_text("CREATE TABLE moa.good ();")
    (sql_dir / "0099_bad.sql").write_text("CREATE TABLE moa.bad ();\n-- 한글 주석\nSELECT nonsense;\n")
    done = database.ctl.run("migrate", env={"MOA_SQL_DIR": str(sql_dir)})
    assert done.returncode == 1
    assert done.stdout == "applied 0098_good.sql\n"
    assert '0099_bad.sql:3: ERROR:  column "nonsense" does not exist' in done.stderr
    assert database.query("SELECT to_regclass('moa.good') IS NULL, to_regclass('moa.bad') IS NULL") == [(False, True)]


def test_file_that_commits(database, sql_dir):
    (sql_dir / "0099_bad.sql").write_text("SELECT 1; COMMIT;")
    refuse(database, sql_dir, "0099_bad.sql: a migration must not COMMIT")


def test_other_files_are_left_alone(database, sql_dir):
    for name in ("README", "099_x.sql", "0099_x.txt", "0099.sql", "0099_.sql"):
        (sql_dir / name).write_text("SELECT nonsense;")
    assert database.ctl.run("migrate", env={"MOA_SQL_DIR": str(sql_dir)}).returncode == 0


def test_no_directory(shared, tmp_path):
    refuse(shared, tmp_path / "none", "No such file")
    refuse(shared, tmp_path, "no migrations")


def test_database_without_hangul(make_database):
    database = make_database(migrated=False, locale="C")
    done = database.ctl.run("migrate")
    assert done.returncode == 1
    assert "character type other than C" in done.stderr and "HINT:" in done.stderr


# role

def set_password(database, role, text):
    return subprocess.run([binary("moa-ctl"), "role", "password", role], env=database.ctl.env, input=text, text=True,
                          capture_output=True, timeout=60, check=False)


def test_role_password_becomes_a_verifier(shared):
    """What the server stores is the SCRAM verifier of this very password (RFC 5803)."""
    password = secrets.token_urlsafe()
    assert set_password(shared, "moa_dashboard", password + "\n").returncode == 0
    [(stored,)] = shared.query("SELECT rolpassword FROM pg_authid WHERE rolname = 'moa_dashboard'")
    rounds, salt, stored_key = re.fullmatch(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):.+", stored).groups()
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(rounds))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    assert base64.b64decode(stored_key) == hashlib.sha256(client_key).digest()
    shared.query("ALTER ROLE moa_dashboard PASSWORD NULL")


@pytest.mark.parametrize("role, text", [
    ("moa_auth_owner", "x\n"), ("postgres", "x\n"), ("moa_nobody", "x\n"), ("moa_auth", ""), ("moa_auth", "\n"),
    ("moa_auth", "x" * 2000 + "\n"), ("moa_auth", "unfinished"),
], ids=["owner", "superuser", "unknown", "nothing", "empty", "long", "unfinished"])
def test_role_password_refused(shared, role, text):
    done = set_password(shared, role, text)
    assert done.returncode == 1
    assert done.stderr.startswith("moa-ctl: ")
    assert shared.query("SELECT count(*) FROM pg_authid WHERE rolpassword IS NOT NULL AND rolname IN (%s, 'moa_auth')",
                        role) == [(0,)]


# keys

def keys(database):
    return database.query("SELECT kid, public_key, sealed_seed, retired_at IS NOT NULL FROM auth.signing_key "
                          "ORDER BY active_from")


def test_keys_init_once(database):
    assert database.ctl("keys", "init").startswith("added ")
    [(kid, public_key, sealed, retired)] = keys(database)
    digest = hashlib.blake2b(public_key, digest_size=16).digest()
    assert kid == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert (len(sealed), retired) == (72, False)
    assert database.query("SELECT active_from <= now() FROM auth.signing_key") == [(True,)]
    assert database.ctl("keys", "init") == ""
    assert len(keys(database)) == 1


def test_keys_rotate_publishes_before_use(database):
    database.ctl("keys", "rotate")
    database.ctl("keys", "rotate")
    assert database.query("SELECT active_from - created_at FROM auth.signing_key ORDER BY active_from OFFSET 1") \
        == database.query("SELECT interval '30 s'")
    assert len({sealed for _, _, sealed, _ in keys(database)}) == 2


def test_keys_rotate_retires_what_is_long_superseded(database):
    for _ in range(3):
        database.ctl("keys", "rotate")
    oldest, older, _ = [kid for kid, *_ in keys(database)]
    database.query("UPDATE auth.signing_key SET active_from = active_from - interval '30 hours' WHERE kid = %s", oldest)
    database.query("UPDATE auth.signing_key SET active_from = active_from - interval '25 hours' WHERE kid = %s", older)
    assert f"retired {oldest}\n" in database.ctl("keys", "rotate")
    assert [kid for kid, _, _, retired in keys(database) if retired] == [oldest]
    listed = database.ctl("keys", "list")
    assert listed.count("kid: ") == 4
    assert re.search(rf"kid: {re.escape(oldest)}\n.*\nretired_at: \d", listed)


def test_keys_are_at_most_what_programs_take(database):
    for _ in range(16):
        database.ctl("keys", "rotate")
    done = database.ctl.run("keys", "rotate")
    assert done.returncode == 1
    assert "wait a day" in done.stderr
    assert len(keys(database)) == 16


@pytest.mark.parametrize("env", [
    {"MOA_AUTH_SECRET_FILE": "/nowhere"}, {"MOA_AUTH_SECRET": "opensesame"}, {"MOA_AUTH_SECRET": "0" * 65},
], ids=["no file", "no key", "too long"])
def test_keys_need_the_secret(database, env):
    done = database.ctl.run("keys", "init", env=env)
    assert done.returncode == 1
    assert "variable=MOA_AUTH_SECRET " in done.stderr
    assert env.get("MOA_AUTH_SECRET", "no value") not in done.stderr
    assert keys(database) == []


# admin, customer

def test_admin_comes_and_goes(database, customer):
    assert database.ctl("admin", "list") == ""
    database.ctl("admin", "add", EMAIL.lower())
    assert database.ctl("admin", "list") == f"id: {customer}\nemail: {EMAIL}\n"
    database.ctl("admin", "remove", EMAIL)
    assert database.ctl("admin", "list") == ""
    assert audit(database) == [("moa-ctl", "admin.add", customer), ("moa-ctl", "admin.remove", customer)]


def test_customer_show(database, customer):
    shown = dict(line.split(": ", 1) for line in database.ctl("customer", "show", EMAIL).splitlines() if ": " in line)
    assert shown["id"] == customer
    assert (shown["email"], shown["name"], shown["role"]) == (EMAIL, "박진", "customer")
    assert [shown[name] for name in ("open_sessions", "standing", "grade", "owed_won")] == ["2", "good", "bronze", "0"]
    assert not {"password", "bank_account"} & set(shown)


def test_customer_reset_stores_only_the_hash(database, customer):
    token = database.ctl("customer", "reset", EMAIL).rstrip("\n")
    assert re.fullmatch(rf"{customer}\.[A-Za-z0-9_-]{{43}}", token)
    [(digest, owner, minutes)] = database.query(
        "SELECT hash, customer_id::text, extract(epoch FROM expires_at - now()) / 60 FROM auth.reset_token")
    assert bytes(digest) == hashlib.blake2b(token.encode(), digest_size=32).digest()
    assert owner == customer
    assert 29 < minutes <= 30
    assert audit(database) == [("moa-ctl", "customer.reset", customer)]
    assert database.ctl("customer", "reset", EMAIL).rstrip("\n") != token


def test_customer_revoke(database, customer):
    assert database.ctl("customer", "revoke", EMAIL) == "sessions ended: 2\n"
    assert database.query("SELECT count(*) FROM auth.session WHERE revoked_at IS NULL") == [(0,)]
    assert database.ctl("customer", "revoke", EMAIL) == "sessions ended: 0\n"
    assert audit(database) == [("moa-ctl", "customer.revoke", customer)] * 2


@pytest.mark.parametrize("command", ["admin add", "admin remove", "customer show", "customer reset", "customer revoke"])
@pytest.mark.parametrize("email", ["nobody@example.com", "' OR true --", "%"])
def test_nobody_has_the_email(database, customer, command, email):
    done = database.ctl.run(*command.split(), email)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"no customer has the e-mail {email}" in done.stderr
    assert audit(database) == []
    assert database.query("SELECT role FROM auth.customer") == [("customer",)]


# clock

def now(database):
    return database.query("SELECT moa.rfc3339(moa.now())")[0][0]


def test_clock_is_moved_in_test_mode(database):
    assert "test_mode: off" in database.ctl("clock", "show")
    database.ctl("clock", "on")
    database.ctl("clock", "set", "2027-01-31T08:59:00+09:00")
    assert now(database).startswith("2027-01-30T23:59:")
    database.ctl("clock", "advance", "1 month")
    assert now(database).startswith("2027-02-27T23:59:"), "a month of Seoul's calendar"
    database.ctl("clock", "advance", "-3 days")
    assert now(database).startswith("2027-02-24T23:59:")
    assert "test_mode: on" in database.ctl("clock", "show")
    database.ctl("clock", "reset")
    assert database.query("SELECT moa.now() = now(), test_mode FROM moa.clock") == [(True, True)]
    database.ctl("clock", "advance", "1 day")
    database.ctl("clock", "off")
    assert database.query("SELECT moa.now() = now(), test_mode FROM moa.clock") == [(True, False)]


@pytest.mark.parametrize("words", ["set 2027-01-01T00:00:00Z", "advance 1d", "reset"])
def test_clock_stands_still_outside_test_mode(shared, words):
    done = shared.ctl.run("clock", *words.split())
    assert done.returncode == 1
    assert "test mode is off" in done.stderr
    assert shared.query("SELECT moa.now() = now()") == [(True,)]


def test_clock_of_customers_is_the_real_one(database, customer):
    done = database.ctl.run("clock", "on")
    assert done.returncode == 1
    assert "there are customers" in done.stderr


@pytest.mark.parametrize("words", [("set", "yesterday-ish"), ("advance", "a while")])
def test_clock_takes_only_times(database, words):
    database.ctl("clock", "on")
    done = database.ctl.run("clock", *words)
    assert done.returncode == 1
    assert "invalid input syntax" in done.stderr


# doctor

def findings(done):
    return {topic.strip(): state.strip() for state, topic in re.findall(r"^(.{4})  (.{10})  ", done.stdout, re.M)}


def test_doctor_is_content(database):
    database.ctl("keys", "init")
    done = database.ctl.run("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(findings(done).values()) == {"ok"}
    assert len(findings(done)) == 14


def test_doctor_warns_of_the_test_clock(database):
    database.ctl("keys", "init")
    database.ctl("clock", "on")
    done = database.ctl.run("doctor")
    assert (done.returncode, findings(done)["test clock"]) == (0, "warn")


def test_doctor_misses_the_keys(database):
    done = database.ctl.run("doctor")
    assert done.returncode == 1
    assert [topic for topic, state in findings(done).items() if state != "ok"] == ["keys"]


def test_doctor_misses_a_key_in_use(database):
    """What is published but begins in the future signs nothing."""
    database.ctl("keys", "init")
    database.query("UPDATE auth.signing_key SET active_from = now() + interval '1 minute'")
    done = database.ctl.run("doctor")
    assert done.returncode == 1
    assert re.search(r"^FAIL  keys +1 published, none in use yet$", done.stdout, re.M)


@pytest.mark.parametrize("spoil", [
    "UPDATE auth.signing_key SET sealed_seed = set_byte(sealed_seed, 71, get_byte(sealed_seed, 71) # 1)",
    "UPDATE auth.signing_key SET public_key = set_byte(public_key, 0, get_byte(public_key, 0) # 1)",
], ids=["seal", "public key"])
def test_doctor_opens_the_seals(database, spoil):
    database.ctl("keys", "init")
    database.query(spoil)
    done = database.ctl.run("doctor")
    assert done.returncode == 1
    assert [topic for topic, state in findings(done).items() if state != "ok"] == ["seals"]


def test_doctor_tells_a_wrong_secret(database):
    database.ctl("keys", "init")
    for wrong in (secrets.token_hex(32), "short"):
        done = database.ctl.run("doctor", env={"MOA_AUTH_SECRET": wrong})
        assert (done.returncode, findings(done)["seals"]) == (1, "FAIL")
        assert wrong not in done.stdout + done.stderr


def test_doctor_without_the_secret_says_what_it_did_not_try(database):
    database.ctl("keys", "init")
    del database.ctl.env["MOA_AUTH_SECRET_FILE"]
    done = database.ctl.run("doctor")
    assert (done.returncode, findings(done)["seals"], findings(done)["keys"]) == (0, "warn", "ok")


def test_doctor_finds_erasures_that_nobody_does(database):
    database.ctl("keys", "init")
    database.query("INSERT INTO auth.erasure (customer_id, domain, asked_at, done_at) VALUES "
                   "(gen_random_uuid(), 'pay', now() - interval '50 minutes', NULL), "
                   "(gen_random_uuid(), 'pay', now() - interval '2 hours', now())")
    assert database.ctl.run("doctor").returncode == 0
    database.query("UPDATE auth.erasure SET asked_at = now() - interval '61 minutes'")
    done = database.ctl.run("doctor")
    assert done.returncode == 1
    assert re.search(r"^FAIL  erasures +1 open for more than an hour", done.stdout, re.M)


def test_doctor_finds_a_feed_that_nobody_ranks(database):
    database.ctl("keys", "init")
    for age, ranked, status in (("9 minutes", None, 0), ("1 hour", None, 1), ("1 hour", "11 minutes", 1), ("1 hour", "9 minutes", 0)):
        database.query("DELETE FROM shorts.short")
        database.query(SHORT, str(uuid.uuid4()), "x", "", "", secrets.token_hex(16), age)
        if ranked:
            database.query("DELETE FROM shorts.page_set; SELECT shorts.make_page_set(); "
                           "UPDATE shorts.page_set SET made_at = made_at - %s::interval", ranked)
        done = database.ctl.run("doctor")
        assert (done.returncode, findings(done)["feed"]) == (status, "FAIL" if status else "ok"), (age, ranked)


def test_doctor_sees_pending_migrations(database, sql_dir):
    database.ctl("keys", "init")
    (sql_dir / "0099_more.sql").write_text("SELECT 1;")
    done = database.ctl.run("doctor", env={"MOA_SQL_DIR": str(sql_dir)})
    assert done.returncode == 1
    assert re.search(r"^FAIL  migrations +1 pending", done.stdout, re.M)


def test_doctor_on_an_empty_database(empty):
    done = empty.ctl.run("doctor")
    assert done.returncode == 1
    assert {"migrations", "keys", "extension"} <= {t for t, state in findings(done).items() if state == "FAIL"}


@pytest.mark.parametrize("address", ["unix:/nowhere", "127.0.0.1:1"])
def test_doctor_without_redis(database, address):
    database.ctl("keys", "init")
    done = database.ctl.run("doctor", env={"MOA_REDIS": address})
    assert done.returncode == 1
    assert [topic for topic, state in findings(done).items() if state != "ok"] == ["redis"]


def test_doctor_without_postgres(shared):
    done = shared.ctl.run("doctor", env={"MOA_PG": "host=/nowhere"})
    assert done.returncode == 1
    assert findings(done) == {"server": "FAIL", "redis": "ok"}
