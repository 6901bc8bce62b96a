"""Two transactions at once, one held open on purpose: what the second sees must be what the first has done.

The statements are the program's own; only the hashing, which would spread them in time, is left out.
"""

import secrets
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from caller import caller  # noqa: F401
from servers import until
from test_auth_session import stored_hash

LOGIN = "SELECT l.code FROM auth.login(%s, '$argon2id$wrong', %s, %s, '', '') l"
SIGN_IN = "SELECT l.code FROM auth.login(%s, %s, %s, %s, '', '') l"
RESET = "SELECT auth.reset_password(%s, '$argon2id$new')"
REFRESH = "SELECT code, (admission).session_id FROM auth.refresh(%s, %s, '', '')"


@pytest.fixture
def in_turn(postgres):
    """in_turn(sql, first_args, second_args, then=sql): run both, the second (then, if it is another statement) while the
    first is not yet committed; both rows.

    The second is seen to wait before the first commits.
    """
    first, second = (postgres.connect("moa_auth") for _ in range(2))
    first.autocommit = False

    def run(connection, sql, args):
        with connection.cursor() as cursor:
            cursor.execute(sql, args)
            return cursor.fetchone()

    def waits():
        return postgres.query("SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'",
                              second.info.backend_pid)

    def both(sql, first_args, second_args, then=None):
        one = run(first, sql, first_args)
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(run, second, then or sql, second_args)
            try:
                until(waits, "the second to wait for the first", 5)
            finally:
                first.commit()
            return one, other.result()

    yield both
    first.close()
    second.close()


def token():
    return secrets.token_bytes(32)


def test_a_guess_waits_for_the_guess_before_it(in_turn, postgres):
    account = f"{secrets.token_hex(8)}@example.com"
    postgres.query("INSERT INTO auth.failure (account, address) SELECT %s, 'x' FROM generate_series(1, 9)", account)
    first, second = ((account, f"test-{secrets.token_hex(8)}", token()) for _ in range(2))
    assert in_turn(LOGIN, first, second) == (("bad_credentials",), ("rate_limited",))


def test_guesses_from_one_address_wait_for_each_other(in_turn, postgres):
    network = f"test-{secrets.token_hex(8)}"
    postgres.query("INSERT INTO auth.failure (account, address) SELECT 'x', %s FROM generate_series(1, 99)", network)
    first, second = ((f"{secrets.token_hex(8)}@example.com", network, token()) for _ in range(2))
    assert in_turn(LOGIN, first, second) == (("bad_credentials",), ("rate_limited",))


@pytest.fixture
def forgetful(caller, postgres):
    """A customer who holds a reset token: .sign_in and .reset are arguments, .open_sessions() counts."""
    customer = caller.register()
    (stored,), = postgres.query("SELECT password FROM auth.customer WHERE id = %s", customer.id)
    reset = token()
    postgres.query("INSERT INTO auth.reset_token VALUES (%s, %s, moa.now() + interval '30 minutes')", reset, customer.id)
    return SimpleNamespace(
        sign_in=(customer.email, stored, f"test-{secrets.token_hex(8)}", token()), reset=(reset,),
        open_sessions=lambda: postgres.query(
            "SELECT count(*) FROM auth.session WHERE customer_id = %s AND revoked_at IS NULL", customer.id)[0][0])


def test_a_reset_ends_the_session_of_a_sign_in_before_it(in_turn, forgetful):
    assert in_turn(SIGN_IN, forgetful.sign_in, forgetful.reset, then=RESET) == ((None,), (None,))
    assert forgetful.open_sessions() == 0


def test_a_sign_in_with_the_old_password_waits_for_a_reset(in_turn, forgetful):
    assert in_turn(RESET, forgetful.reset, forgetful.sign_in, then=SIGN_IN) == ((None,), ("bad_credentials",))
    assert forgetful.open_sessions() == 0


def test_a_refresh_waits_for_its_twin(in_turn, caller):
    args = (stored_hash(caller.register().refresh_token), token())
    first, second = in_turn(REFRESH, args, args)
    assert first == second and first[0] is None and first[1]


def test_a_refresh_waits_for_the_family_to_end(in_turn, caller, postgres):
    customer = caller.register()
    successor = caller.post("/auth/refresh", json={"refresh_token": customer.refresh_token}).json()["refresh_token"]
    postgres.query("UPDATE auth.refresh_token SET rotated_at = rotated_at - interval '21 seconds' WHERE hash = %s",
                   stored_hash(customer.refresh_token))
    reused, after = in_turn(REFRESH, (stored_hash(customer.refresh_token), token()), (stored_hash(successor), token()))
    assert (reused, after) == (("refresh_reused", None), ("token_invalid", None))
