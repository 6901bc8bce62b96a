"""The key set, and what happens to tokens when keys change."""

import concurrent.futures

import pytest
import requests

from caller import caller, claims, new_caller, problem  # noqa: F401
from servers import until


@pytest.mark.parametrize("path", ["/auth/jwks.json", "/.well-known/jwks.json"])
def test_the_key_set(caller, path):
    reply = caller.get(path)
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/json")
    assert reply.headers["Cache-Control"] == "public, max-age=60"
    keys = reply.json()["keys"]
    for key in keys:
        assert set(key) == {"kty", "crv", "use", "alg", "kid", "x"}
        assert (key["kty"], key["crv"], key["use"], key["alg"], len(key["x"])) == ("OKP", "Ed25519", "sig", "EdDSA", 43)
    assert claims(caller.register().access_token)[0]["kid"] in {key["kid"] for key in keys}


def test_a_new_key_is_published_before_it_signs(own_system):
    caller = new_caller(own_system)
    before = caller.register()
    kid = claims(before.access_token)[0]["kid"]
    own_system.ctl("keys", "rotate")
    kids = {key["kid"] for key in caller.get("/auth/jwks.json").json()["keys"]}
    assert kid in kids and len(kids) == 2
    assert claims(caller.register().access_token)[0]["kid"] == kid
    own_system.postgres.query("UPDATE auth.signing_key SET active_from = now()")
    after = caller.register()
    assert claims(after.access_token)[0]["kid"] in kids
    own_system.postgres.query("UPDATE auth.signing_key SET active_from = now() - interval '1 hour' WHERE kid = %s", kid)
    after = caller.register()
    assert claims(after.access_token)[0]["kid"] in kids - {kid}
    for customer in (before, after):
        assert caller.get("/auth/me", token=customer).status_code == 200


def test_without_a_key_nobody_signs_in_and_the_log_says_why(own_system):
    caller = new_caller(own_system)
    customer = caller.register()
    own_system.postgres.query("UPDATE auth.signing_key SET retired_at = now()")
    reply = caller.post("/auth/login", json={"email": customer.email, "password": customer.password})
    problem(reply, 503, "dependency_unavailable")
    assert any("keys rotate" in line.get("msg", "") for line in own_system.log() if line["event"] == "sign")


def test_a_hung_database_holds_nobody_up_before_the_keys_are_read(make_system):
    """More calls at once than there are threads: one reading of the keys is waited for, not one after the other."""
    system = make_system(env={"MOA_THREADS": "12"})
    headers = {"Authorization": f"Bearer {system.api.register().access_token}"}
    system.restart()
    system.postgres.freeze()

    def call(_):
        return requests.get(f"{system.url}/api/v1/auth/me", headers=headers, timeout=20)

    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        replies = list(pool.map(call, range(90)))
    assert {(reply.status_code, reply.json().get("code")) for reply in replies} == {(503, "dependency_unavailable")}
    assert max(reply.elapsed.total_seconds() for reply in replies) < 3.5
    system.postgres.thaw()
    system.wait_ready()
    until(lambda: call(0).status_code == 200, "the keys to be read")
