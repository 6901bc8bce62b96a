"""A short in one form, for clients that cannot resume: video, thumbnail, title and description in multipart/form-data."""

import re
import select
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import Api, assert_problem
from servers import until
from tus import FORM_END, FORM_HEAD, MIB, some_bytes, start_form


@pytest.fixture(params=["lighttpd", "apache"])
def front(request, api):
    return api if request.param == "lighttpd" else request.getfixturevalue("apache")


@pytest.fixture
def customer(api):
    return api.register()


def uploads(api, customer):
    return api.system.postgres.query("SELECT id, length, received, file, thumbnail, leased_until FROM shorts.upload"
                                     " WHERE customer_id = %s", customer.id)


def files(api):
    place = api.system.shorts_dir / "uploads"
    return {path.name for path in place.iterdir()} if place.exists() else set()


def form(**fields):
    """For requests: text fields, and files as (name, bytes)."""
    return {"files": [(name, value if isinstance(value, tuple) else (None, value)) for name, value in fields.items()]}


def test_a_form_becomes_a_short(front, customer):
    video, picture = some_bytes(3 * MIB + 1), some_bytes(1000)
    made = front.post("/shorts", token=customer, **form(
        video=("../한강.mp4", video), title="한강 <b>밤</b>", thumbnail=("a.png", picture), description="첫 #영상"))
    assert made.status_code == 202 and made.json()["status"] == "processing"
    [(_, length, received, file, thumbnail, leased)] = uploads(front, customer)
    assert (length, received, leased) == (len(video), len(video), None)
    place = front.system.shorts_dir / "uploads"
    assert (place / file).read_bytes() == video and (place / thumbnail).read_bytes() == picture
    seen = front.get(f"/shorts/{made.json()['id']}", token=customer).json()
    assert (seen["title"], seen["tags"]) == ("한강 <b>밤</b>", ["영상"])


def test_without_a_picture(api, customer):
    assert api.post("/shorts", token=customer, **form(title="x", video=("v", b"x"))).status_code == 202
    [(*_, thumbnail, _)] = uploads(api, customer)
    assert thumbnail is None


@pytest.mark.parametrize("fields, field", [
    ({"title": "x"}, "video"),
    ({"title": "x", "video": "surf.mp4"}, "video"),
    ({"title": "x", "video": ("v", b"x"), "thumbnail": "a.png"}, "thumbnail"),
    ({"title": "x", "video": ("v", b"")}, "video"),
    ({"video": ("v", b"x")}, "title"),
    ({"title": "가" * 51, "video": ("v", b"x")}, "title"),
    ({"title": "x" * 5000, "video": ("v", b"x")}, "title"),
    ({"title": b"\xff", "video": ("v", b"x")}, "title"),
    ({"title": b"a\0b", "video": ("v", b"x")}, "title"),
    ({"video": ("v", b"x"), "title": "x", "description": "y" * 151}, "description"),
    ({"video": ("v", b"x"), "title": "x", "upload_id": "y"}, "upload_id"),
])
def test_forms_that_are_refused_leave_nothing(api, customer, fields, field):
    before = files(api)
    problem = assert_problem(api.post("/shorts", token=customer, **form(**fields)), 422, "validation_failed")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert uploads(api, customer) == [] and files(api) == before


def test_a_field_twice(api, customer):
    fields = {"files": [("title", (None, "x")), ("title", (None, "y")), ("video", ("v", b"x"))]}
    assert_problem(api.post("/shorts", token=customer, **fields), 422, "validation_failed")


@pytest.mark.parametrize("body, headers, status, code", [
    (b"x" * 100, {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
    (b"x" * 100, {"Content-Type": "multipart/form-data"}, 415, "unsupported_media_type"),
    (b"--X\r\n\r\nx\r\n--X--", {"Content-Type": "multipart/form-data; boundary=X"}, 400, "malformed_request"),
])
def test_what_is_no_form(api, customer, body, headers, status, code):
    assert_problem(api.post("/shorts", token=customer, data=body, headers=headers), status, code)
    assert uploads(api, customer) == []


def test_the_blocked_and_the_many(api, customer):
    api.system.postgres.query("UPDATE pay.account SET standing = 'blocked' WHERE customer_id = %s", customer.id)
    assert_problem(api.post("/shorts", token=customer, **form(title="x", video=("v", b"x"))), 403, "account_blocked")
    assert_problem(api.post("/shorts", **form(title="x", video=("v", b"x"))), 401, "token_missing")


def test_a_picture_that_is_too_large(api, customer):
    before = files(api)
    fields = form(title="x", thumbnail=("t", bytes(5 * MIB + 1)), video=("v", b"x"))
    assert_problem(api.post("/shorts", token=customer, **fields), 413, "body_too_large")
    assert uploads(api, customer) == [] and files(api) == before


def test_a_form_that_breaks_off_leaves_nothing(front, customer):
    before = files(front)
    with start_form(front, customer, 10 * MIB) as connection:
        connection.sendall(bytes(MIB))
        until(lambda: len(files(front)) > len(before), "the file to be begun")
        assert len(uploads(front, customer)) == 1
    until(lambda: uploads(front, customer) == [] and files(front) == before, "the form to be forgotten", 30)


def test_a_form_that_goes_on_says_so(api, customer):
    """What nobody writes any more is swept; and who hears that this has happened ends."""
    query = api.system.postgres.query

    def one_more_byte(connection):
        connection.sendall(b"x")
        return True

    with start_form(api, customer, 10 * MIB) as connection:
        [(upload, *_)] = until(lambda: uploads(api, customer), "the form to be begun")
        query("UPDATE shorts.upload SET leased_until = clock_timestamp() WHERE id = %s", upload)
        until(lambda: one_more_byte(connection) and query(
            "SELECT id FROM shorts.upload WHERE id = %s AND leased_until > clock_timestamp()", upload), "the lease to go on")
        query("DELETE FROM shorts.upload WHERE id = %s", upload)
        until(lambda: one_more_byte(connection) and select.select([connection], [], [], 0)[0], "an answer")
        assert b"HTTP/1.1 503" in connection.recv(65536)


def test_the_same_form_again_is_the_same_short(api, customer):
    """Whoever has not heard the reply repeats it."""
    about = {"title": "x", "description": "#a", "thumbnail": ("t", b"xy"), "video": ("v", some_bytes(MIB))}

    def post(by=customer, **change):
        reply = Api(api.system).post("/shorts", token=by, **form(**{**about, **change}))
        assert reply.status_code == 202
        return reply.json()["id"]

    with ThreadPoolExecutor(3) as pool:
        made = set(pool.map(lambda _: post(), range(3)))
    assert len(made) == 1 and len(uploads(api, customer)) == 1
    for change in ({"title": "y"}, {"description": ""}, {"thumbnail": ("t", b"x")}, {"video": ("v", some_bytes(MIB, seed=2))},
                   {"by": api.register()}):
        made.add(post(**change))
    assert len(made) == 6
    # The second is tried for its own sake when nothing has become of the first, or it was long ago.
    query = api.system.postgres.query
    for change in ("status = 'failed', reason = 'took_too_long'", "created_at = created_at - interval '25 hours'"):
        query(f"UPDATE shorts.short SET {change} WHERE customer_id = %s AND title = 'x'", customer.id)
        query("UPDATE shorts.tally t SET created_at = s.created_at FROM shorts.short s WHERE s.id = t.short_id AND s.customer_id = %s",
              customer.id)
        made.add(post())
    assert len(made) == 8
    assert api.delete(f"/shorts/{post()}", token=customer).status_code == 204
    made.add(post())
    assert len(made) == 9


def test_a_form_while_its_customer_leaves(api, customer):
    """Erasing waits for nothing that waits for it."""
    with start_form(api, customer, len(FORM_HEAD) + 1000 + len(FORM_END)) as connection:
        until(lambda: uploads(api, customer), "the form to be begun")
        leaving = api.system.postgres.connect()
        leaving.autocommit = False
        with leaving, leaving.cursor() as cursor:
            # What shorts.erase does.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('shorts.erase ' || %s, 0))", [customer.id])
            connection.sendall(bytes(1000) + FORM_END)
            until(lambda: api.system.postgres.query("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"),
                  "the form to wait")
            cursor.execute("SET lock_timeout = '1s'; DELETE FROM shorts.upload WHERE customer_id = %s", [customer.id])
        leaving.close()
        assert b"HTTP/1.1 404" in connection.recv(65536)


def test_memory_does_not_grow_with_the_form(api, customer):
    def resident():
        return max(int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{pid}/status", encoding="ascii").read())[1])
                   for pid in api.system.programs()["shorts"])

    api.post("/shorts", token=customer, **form(title="x", video=("v", b"x")))
    before = resident()
    assert api.post("/shorts", token=customer, **form(title="x", video=("v", bytes(40 * MIB)))).status_code == 202
    assert resident() - before < 4096  # KiB
