"""The borders between the domains, in the catalog and tried for real.

OFFERED is the closed list: what a domain offers to others, and to whom.  It is compared with what
PostgreSQL grants, in both directions, and then every crossing is tried as the role itself.
"""

from contextlib import closing

import psycopg2
import pytest

DOMAINS = ("auth", "pay", "chatbot", "shorts", "dashboard")
SCHEMAS = ("moa", *DOMAINS)
# Who logs in, and the schema that is its own.  The worker has none.
LOGINS = {**{f"moa_{domain}": domain for domain in DOMAINS}, "moa_worker": None}
# Whose rights the functions of a schema run with.
OWNERS = {"moa_owner": "moa", **{f"moa_{domain}_owner": domain for domain in DOMAINS}}

EVERYBODY = {*DOMAINS, "worker"}
# What is offered: to whose programs.  A program's functions may be granted the same by their owner.
OFFERED = {
    "moa.now()": EVERYBODY,
    "moa.rfc3339(timestamp with time zone)": EVERYBODY,
    "moa.clock SELECT": EVERYBODY,
    "pay.open_account(uuid)": {"auth"},
    "pay.may_close(uuid)": {"auth"},
    "pay.standing(uuid)": {"auth", "shorts", "chatbot"},
    "pay.available_won(uuid)": {"chatbot"},
    "auth.profile(uuid[])": {"shorts", "chatbot", "pay", "dashboard"},
    "auth.jwk SELECT": {"shorts", "chatbot", "pay", "dashboard"},
    "pay.award_points(uuid,text,bigint)": {"shorts"},
    "pay.erase(uuid)": {"worker"},
    "pay.sweep_keys()": {"worker"},
    "pay.run_job(integer)": {"worker"},
    "pay.next_delivery()": {"worker"},
    "pay.delivery_done(uuid,integer,integer,text)": {"worker"},
    "pay.sweep_codes()": {"worker"},
    "pay.sweep_webhooks()": {"worker"},
    "pay.end_confirm(uuid,text,boolean,text)": {"worker"},
    "pay.expire_repayments()": {"worker"},
    "pay.next_repayment()": {"worker"},
    "pay.expire_requests(integer)": {"worker"},
    "pay.next_give_back()": {"worker"},
    "pay.given_back(uuid)": {"worker"},
    "pay.not_given_back(uuid,text,text,text)": {"worker"},
    "shorts.expire_uploads(integer)": {"worker"},
    "shorts.next_files(integer)": {"worker"},
    "shorts.file_done(bigint,text)": {"worker"},
    "shorts.unknown_files(text,text[])": {"worker"},
    "shorts.media_after(text,integer)": {"worker"},
    "shorts.storage_id()": {"worker"},
    "chatbot.erase(uuid)": {"worker"},
    "shorts.erase(uuid)": {"worker"},
    "shorts.clear_deleted(integer)": {"worker"},
    "chatbot.next_summary()": {"worker"},
    "chatbot.put_summary(text,bigint,text)": {"worker"},
    "chatbot.delay_summary(text,bigint)": {"worker"},
    "chatbot.sweep()": {"worker"},
    "auth.next_erasure()": {"worker"},
    "auth.erasure_done(uuid,text)": {"worker"},
    "auth.sweep()": {"worker"},
    "shorts.make_page_set()": {"worker"},
    "shorts.next_video()": {"worker"},
    "shorts.video_again(uuid,bigint,interval,boolean)": {"worker"},
    "shorts.video_done(uuid,bigint,text,text,integer,integer,bigint)": {"worker"},
    "shorts.video_progress(uuid,bigint,integer)": {"worker"},
    "shorts.refresh_names()": {"worker"},
    "shorts.forget_words()": {"worker"},
}
# What is offered to functions of a domain alone, which are its owner's, and not to its programs.
OFFERED_TO_FUNCTIONS = {
    "auth.nickname SELECT": {"shorts"},
    "pay.initials(text)": {"shorts"},
}
# What only migrations call, which run as the owners.
OWNERS_ONLY = {"moa.install_idempotency(text)"}

TABLE_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")

# (role, offer) for every right that a role has on something outside its own schema; offer as in OFFERED.
GRANTED = """
WITH role AS (SELECT unnest(%(roles)s::text[]) AS name, unnest(%(own)s::text[]) AS own),
relation AS (
	SELECT c.oid, nspname AS schema, relname AS name, relkind = 'S' AS is_sequence
	FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
	WHERE nspname = ANY (%(schemas)s) AND relkind IN ('r', 'v', 'm', 'f', 'p', 'S')
)
SELECT role.name, format('%%s.%%s %%s', relation.schema, relation.name, privilege)
FROM role CROSS JOIN relation CROSS JOIN unnest(%(privileges)s::text[]) AS privilege
WHERE own IS DISTINCT FROM schema AND NOT is_sequence AND (
	has_table_privilege(role.name, relation.oid, privilege)
	OR (privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
		AND has_any_column_privilege(role.name, relation.oid, privilege)))
UNION ALL
SELECT role.name, format('%%s.%%s %%s', relation.schema, relation.name, privilege)
FROM role CROSS JOIN relation CROSS JOIN unnest('{USAGE,SELECT,UPDATE}'::text[]) AS privilege
WHERE own IS DISTINCT FROM schema AND is_sequence AND has_sequence_privilege(role.name, relation.oid, privilege)
UNION ALL
SELECT role.name, f.oid::regprocedure::text
FROM role CROSS JOIN pg_proc f JOIN pg_namespace n ON n.oid = pronamespace
WHERE nspname = ANY (%(schemas)s) AND own IS DISTINCT FROM nspname
AND has_function_privilege(role.name, f.oid, 'EXECUTE')
"""

# Functions that run with their owner's rights and would look names up where a caller can put them.
UNSAFE_PATH = """
SELECT f.oid::regprocedure::text FROM pg_proc f JOIN pg_namespace n ON n.oid = pronamespace
WHERE nspname = ANY (%s) AND prosecdef
AND NOT coalesce(format('search_path=%%s, pg_temp', nspname) = ANY (proconfig), false)
"""

# Functions that anybody who connects may call.
PUBLIC_EXECUTE = """
SELECT f.oid::regprocedure::text FROM pg_proc f JOIN pg_namespace n ON n.oid = pronamespace,
aclexplode(coalesce(proacl, acldefault('f', proowner))) acl
WHERE nspname = ANY (%s) AND acl.grantee = 0
"""


@pytest.fixture(scope="module")
def database(make_database):
    return make_database()


@pytest.fixture(scope="module")
def connection(database):
    with closing(database.connect()) as connection:
        yield connection


def rows(connection, sql, args=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, args)
        return cursor.fetchall()


def granted(connection, roles):
    args = {"roles": list(roles), "own": list(roles.values()), "schemas": list(SCHEMAS),
            "privileges": list(TABLE_PRIVILEGES)}
    return set(rows(connection, GRANTED, args))


def attempts(connection):
    """{offer: statement} that uses each right there could be on each thing in a schema of ours."""
    tried = {}
    relations = rows(connection, """
        SELECT nspname, relname, relkind, (SELECT attname FROM pg_attribute
            WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = ''
            ORDER BY attnum LIMIT 1)
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname = ANY (%s) AND relkind IN ('r', 'v', 'S')""", (list(SCHEMAS),))
    for schema, name, kind, column in relations:
        thing = f"{schema}.{name}"
        tried[f"{thing} SELECT"] = f"SELECT count(*) FROM {thing}"
        if kind == "r":
            tried[f"{thing} INSERT"] = f"INSERT INTO {thing} DEFAULT VALUES"
            tried[f"{thing} UPDATE"] = f"UPDATE {thing} SET {column} = NULL"
            tried[f"{thing} DELETE"] = f"DELETE FROM {thing}"
            tried[f"{thing} TRUNCATE"] = f"TRUNCATE {thing}"
        if kind == "S":
            tried[f"{thing} USAGE"] = f"SELECT nextval('{thing}')"
    functions = rows(connection, """
        SELECT f.oid::regprocedure::text, format('%%s.%%s(%%s)', nspname, proname, (
            SELECT string_agg('NULL::' || format_type(type, NULL), ', ')
            FROM unnest(proargtypes::oid[]) AS type))
        FROM pg_proc f JOIN pg_namespace n ON n.oid = pronamespace
        WHERE nspname = ANY (%s) AND prorettype <> 'trigger'::regtype""", (list(SCHEMAS),))
    tried.update((signature, f"SELECT {call}") for signature, call in functions)
    return tried


def refused(connection, statement):
    """Is this beyond the session's rights?  Whatever it does is undone."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            cursor.execute(statement)
        except psycopg2.errors.InsufficientPrivilege:
            return True
        except psycopg2.Error:
            pass
        finally:
            cursor.execute("ROLLBACK")
    return False


def test_grants_to_programs_are_the_closed_list(connection):
    expected = {(f"moa_{who}", offer) for offer, programs in OFFERED.items() for who in programs}
    # What a domain offers is no crossing for itself.
    expected = {(role, offer) for role, offer in expected if LOGINS[role] != offer.partition(".")[0]}
    assert granted(connection, LOGINS) == expected


def test_grants_to_owners_are_within_the_closed_list(connection):
    beyond = {(role, offer) for role, offer in granted(connection, OWNERS)
              if OWNERS[role] not in {*OFFERED.get(offer, ()), *OFFERED_TO_FUNCTIONS.get(offer, ())} and offer not in OWNERS_ONLY}
    assert beyond == set()


def test_what_is_for_functions_is_granted_to_owners_alone(connection):
    """Exactly so: no program may call or read it itself."""
    given = {(role, offer) for role, offer in granted(connection, {**LOGINS, **OWNERS}) if offer in OFFERED_TO_FUNCTIONS}
    assert {(role, offer) for role, offer in given if role in LOGINS} == set()
    assert {(role, offer) for role, offer in given if OWNERS[role] != offer.partition(".")[0]} == {
        (f"moa_{who}_owner", offer) for offer, domains in OFFERED_TO_FUNCTIONS.items() for who in domains}


@pytest.mark.parametrize("role", [*LOGINS, *OWNERS])
def test_crossings_are_refused(connection, role):
    own = LOGINS.get(role) or OWNERS.get(role)
    who = role.removeprefix("moa_").removesuffix("_owner")
    tried = attempts(connection)
    connection.cursor().execute(f"SET SESSION AUTHORIZATION {role}")
    try:
        open_doors = {offer for offer, statement in tried.items()
                      if offer.partition(".")[0] != own and not refused(connection, statement)}
    finally:
        connection.cursor().execute("RESET SESSION AUTHORIZATION")
    offered = {offer for offer, programs in OFFERED.items()
               if who in programs and offer.partition(".")[0] != own}
    if role in OWNERS:
        offered |= {offer for offer, domains in OFFERED_TO_FUNCTIONS.items() if who in domains}
        assert open_doors - OWNERS_ONLY <= offered
    else:
        assert open_doors == offered
    assert len(tried) > len(open_doors) + 50


def test_definer_functions_fix_their_search_path(connection):
    assert rows(connection, UNSAFE_PATH, (list(SCHEMAS),)) == []


def test_nobody_may_call_what_was_not_granted(connection):
    assert rows(connection, PUBLIC_EXECUTE, (list(SCHEMAS),)) == []


def test_the_checks_see_a_careless_function(connection):
    """Made as a superuser, a function is open to PUBLIC; made as its owner, it is not."""
    careless = "CREATE FUNCTION pay.careless() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"BEGIN; {careless}")
            assert rows(connection, UNSAFE_PATH, (list(SCHEMAS),)) == [("pay.careless()",)]
            assert rows(connection, PUBLIC_EXECUTE, (list(SCHEMAS),)) == [("pay.careless()",)]
            assert ("moa_shorts", "pay.careless()") in granted(connection, LOGINS)
            cursor.execute(f"ROLLBACK; BEGIN; SET LOCAL ROLE moa_pay_owner; {careless}; RESET ROLE")
            assert rows(connection, PUBLIC_EXECUTE, (list(SCHEMAS),)) == []
        finally:
            cursor.execute("ROLLBACK")


def test_login_roles_own_nothing_and_are_nothing_special(connection):
    assert rows(connection, """
        SELECT rolname FROM pg_roles WHERE rolname = ANY (%s) AND rolcanlogin AND NOT (rolsuper OR rolcreaterole
        OR rolcreatedb OR rolreplication OR rolbypassrls) ORDER BY rolname""",
        (list(LOGINS),)) == [(role,) for role in sorted(LOGINS)]
    assert rows(connection, """
        SELECT refobjid::regrole::text, classid::regclass, objid FROM pg_shdepend
        WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o' AND refobjid::regrole::text = ANY (%s)""",
        (list(LOGINS),)) == []
    assert rows(connection, """
        SELECT member::regrole::text, roleid::regrole::text FROM pg_auth_members
        WHERE member::regrole::text = ANY (%s)""", ([*LOGINS, *OWNERS],)) == []


def test_owners_cannot_log_in(connection):
    assert rows(connection, "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s) AND NOT rolcanlogin "
                "ORDER BY rolname", (list(OWNERS),)) == [(role,) for role in sorted(OWNERS)]


def test_everything_in_a_schema_is_its_owners(connection):
    assert rows(connection, """
        SELECT nspname, relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname = ANY (%(schemas)s) AND relowner <> nspowner
        UNION ALL
        SELECT nspname, proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
        WHERE nspname = ANY (%(schemas)s) AND proowner <> nspowner""", {"schemas": list(SCHEMAS)}) == []
    assert dict(rows(connection, "SELECT nspowner::regrole::text, nspname FROM pg_namespace WHERE nspname = ANY (%s)",
                     (list(SCHEMAS),))) == OWNERS


def test_nobody_creates_anything(connection):
    roles = [*LOGINS, "public"]
    assert rows(connection, """
        SELECT role, nspname FROM unnest(%s) role CROSS JOIN pg_namespace
        WHERE has_schema_privilege(role, oid, 'CREATE')""", (roles,)) == []
    assert rows(connection, """
        SELECT role, right_ FROM unnest(%s) role CROSS JOIN unnest('{CREATE,TEMPORARY}'::text[]) right_
        WHERE has_database_privilege(role, current_database(), right_)""", (roles,)) == []


def test_only_the_programs_connect(connection):
    assert rows(connection, """
        SELECT DISTINCT grantee::regrole::text FROM pg_database, aclexplode(datacl)
        WHERE datname = current_database() AND privilege_type = 'CONNECT' AND NOT grantee = datdba
        ORDER BY 1""") == [(role,) for role in sorted(LOGINS)]


@pytest.mark.parametrize("role", LOGINS)
def test_no_statement_of_a_program_runs_for_ever(database, role):
    with closing(database.connect(role)) as mine:
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            [(seconds,)] = rows(mine, "SELECT setting::int / 1000 FROM pg_settings WHERE name = %s", (name,))
            assert 0 < seconds <= 60
