"""A short in one form, for clients that cannot resume: video, thumbnail, title and description in multipart/form-data."""

import re
import socket

import pytest

from client import assert_problem
from servers import until
from tus import MIB, some_bytes


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
    head = (f"POST /api/v1/shorts HTTP/1.1\r\nHost: 127.0.0.1:{front.system.port}\r\n"
            f"Authorization: Bearer {customer.access_token}\r\nContent-Length: {10 * MIB}\r\n"
            "Content-Type: multipart/form-data; boundary=X\r\n\r\n"
            '--X\r\nContent-Disposition: form-data; name="video"; filename="v"\r\n\r\n')
    with socket.create_connection(("127.0.0.1", front.system.port), 20) as connection:
        connection.sendall(head.encode() + bytes(MIB))
        until(lambda: len(files(front)) > len(before), "the file to be begun")
        assert len(uploads(front, customer)) == 1
    until(lambda: uploads(front, customer) == [] and files(front) == before, "the form to be forgotten", 30)


def test_memory_does_not_grow_with_the_form(api, customer):
    def resident():
        return max(int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{pid}/status", encoding="ascii").read())[1])
                   for pid in api.system.programs()["shorts"])

    api.post("/shorts", token=customer, **form(title="x", video=("v", b"x")))
    before = resident()
    assert api.post("/shorts", token=customer, **form(title="x", video=("v", bytes(40 * MIB)))).status_code == 202
    assert resident() - before < 4096  # KiB
