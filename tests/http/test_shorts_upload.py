"""Resumable uploads: tus 1.0.0 as a stranger speaks it, through both web servers, with connections that break and programs that die."""

import base64
import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from client import Api, assert_problem
from moa import Apache, Lighttpd
from servers import until
from tus import MIB, STREAM, TUS, Upload, some_bytes


@pytest.fixture(scope="module")
def owner(api):
    return api.register()


@pytest.fixture(params=["lighttpd", "apache"])
def front(request, api):
    """The API behind either web server."""
    return api if request.param == "lighttpd" else request.getfixturevalue("apache")


@pytest.fixture
def customer(api):
    return api.register()


def test_options_say_what_is_spoken(front):
    for path in ("/shorts/uploads", "/shorts/uploads/00000000-0000-4000-8000-000000000000"):
        reply = front.options(path)
        assert reply.status_code == 204
        assert reply.headers["Tus-Version"] == "1.0.0" and reply.headers["Tus-Resumable"] == "1.0.0"
        assert reply.headers["Tus-Extension"].split(",") == ["creation", "creation-with-upload", "expiration", "termination"]
        assert reply.headers["Tus-Max-Size"] == str(200 * MIB)


def test_a_preflight_from_a_listed_origin(api):
    reply = api.options("/shorts/uploads/00000000-0000-4000-8000-000000000000", headers={
        "Origin": "https://shop.example", "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "tus-resumable,upload-offset,x-http-method-override"})
    assert reply.status_code == 204
    assert reply.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "PATCH" in reply.headers["Access-Control-Allow-Methods"]
    allowed = reply.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"tus-resumable", "upload-length", "upload-offset", "upload-metadata", "x-http-method-override"} <= set(allowed)
    assert "Upload-Offset" in reply.headers["Access-Control-Expose-Headers"]


def test_an_upload_in_pieces(front, customer):
    upload = Upload(front, customer, some_bytes(3 * MIB + 17)).create(
        **{"Upload-Metadata": f"filename {base64.b64encode('한강.mp4'.encode()).decode()},filetype dmlkZW8vbXA0,draft"})
    assert upload.created.status_code == 201 and upload.created.headers["Upload-Offset"] == "0"
    assert re.search(r"^\w{3}, \d\d \w{3} \d{4} .* GMT$", upload.created.headers["Upload-Expires"])
    for at in range(0, len(upload.data), MIB):
        reply = upload.patch(at, MIB)
        assert (reply.status_code, int(reply.headers["Upload-Offset"])) == (204, min(at + MIB, len(upload.data)))
    head = upload.head()
    assert head.status_code == 200 and head.content == b"" and head.headers["Cache-Control"] == "no-store"
    assert head.headers["Upload-Length"] == str(len(upload.data)) and "draft" in head.headers["Upload-Metadata"]
    shown = front.get(upload.path, token=customer, headers=TUS).json()
    assert (shown["filename"], shown["filetype"]) == ("한강.mp4", "video/mp4")
    upload.finish()


def test_creation_with_upload(front, customer):
    upload = Upload(front, customer, some_bytes(2 * MIB)).create(first=MIB + 5)
    assert upload.created.status_code == 201 and upload.created.headers["Upload-Offset"] == str(MIB + 5)
    upload.finish()


def test_what_has_come_of_a_cut_patch_is_kept(front, customer):
    """One PATCH of 20 MiB, cut at 60 %: at least 55 % stay, and the rest goes on in the same file."""
    upload = Upload(front, customer, some_bytes(20 * MIB)).create()
    upload.cut(0, 12 * MIB)
    assert upload.settled() >= 11 * MIB
    file = upload.row()[1]
    upload.finish()
    assert upload.row()[1] == file


def test_a_dead_connection_never_blocks_the_next_patch(front, customer):
    """The older writer's connection is open still, with bytes on their way; the newer one goes on in a file of its own."""
    upload = Upload(front, customer, some_bytes(6 * MIB)).create()
    with upload.start(0) as dead:
        dead.sendall(upload.data[:2 * MIB + 1000])
        until(lambda: upload.row()[0] == 2 * MIB, "two mebibytes to be counted")
        _, file, fence, leased = upload.row()
        assert leased
        assert upload.patch(2 * MIB, MIB).status_code == 204
        received, new_file, new_fence, leased = upload.row()
        assert (received, leased) == (3 * MIB, False) and new_fence != fence and new_file != file
        # What the older one sends now counts nowhere, and at its next mebibyte it ends; lighttpd tells it so while it sends.
        dead.sendall(b"\0" * (3 * MIB))
        if isinstance(front.system, Lighttpd):
            assert b"HTTP/1.1 409" in dead.recv(65536)
    assert upload.row()[:3] == (3 * MIB, new_file, new_fence)
    assert not (front.system.shorts_dir / "uploads" / file).exists()
    upload.finish()


def test_a_lease_that_postgresql_has_forgotten(api, customer):
    """As after a crash of it: the row is as before, and the writer does not know yet."""
    upload = Upload(api, customer, some_bytes(4 * MIB)).create()
    with upload.start(0) as forgotten:
        forgotten.sendall(upload.data[:1000])
        until(lambda: upload.row()[3], "the lease to be taken")
        file = upload.row()[1]
        until(lambda: (api.system.shorts_dir / "uploads" / file).exists(), "the file to be made")
        api.system.postgres.query("UPDATE shorts.upload SET leased_until = NULL, fence = 0, received = 0 WHERE id = %s", upload.id)
        assert upload.patch(0, MIB).status_code == 204
        assert upload.row()[1] != file
        forgotten.sendall(b"\0" * (3 * MIB))
        assert b"HTTP/1.1 409" in forgotten.recv(65536)
    assert upload.row()[0] == MIB
    upload.finish()


def test_a_program_that_is_killed_between_and_amid_chunks(make_system):
    api = make_system().api
    upload = Upload(api, api.register(), some_bytes(8 * MIB)).create()
    for _ in range(3):
        at = upload.offset()
        with upload.start(at) as connection:
            connection.sendall(upload.data[at:at + MIB + MIB // 2])
            until(lambda: upload.row()[0] == at + MIB, "a mebibyte to be counted")
            for pid in api.system.programs()["shorts"]:
                os.kill(pid, signal.SIGKILL)
        api.system.wait_ready(["shorts"])
        until(lambda: upload.head().status_code == 200, "the program to be back")
    assert upload.offset() == 3 * MIB
    upload.finish()
    assert len(list((api.system.shorts_dir / "uploads").iterdir())) == 1


def test_any_server_takes_any_chunk(api, customer, place, postgres, redis_server, secret):
    """Another node, behind Apache: the same PostgreSQL, the same storage."""
    node = Apache(place / "node", postgres, redis_server, secret)
    node.shorts_dir = api.system.shorts_dir
    node.shorts_env = api.system.shorts_env
    upload = Upload(api, customer, some_bytes(4 * MIB)).create()
    try:
        there = Api(node.start())
        for number, at in enumerate(range(0, 4 * MIB, MIB)):
            assert upload.patch(at, MIB, api=(api, there)[number % 2]).status_code == 204
    finally:
        node.stop()
    upload.finish()


@pytest.mark.parametrize("change, status, code", [
    ({"Tus-Resumable": None}, 412, "unsupported_tus_version"),
    ({"Tus-Resumable": "0.2.2"}, 412, "unsupported_tus_version"),
    ({"Upload-Length": None}, 400, "malformed_request"),
    ({"Upload-Length": "-1"}, 400, "malformed_request"),
    ({"Upload-Length": "0"}, 400, "malformed_request"),
    ({"Upload-Length": "1e3"}, 400, "malformed_request"),
    ({"Upload-Defer-Length": "1", "Upload-Length": None}, 400, "malformed_request"),
    ({"Upload-Length": str(200 * MIB + 1)}, 413, "body_too_large"),
    ({"Upload-Length": "9" * 40}, 400, "malformed_request"),
    ({"Upload-Metadata": "filename not*base64"}, 400, "malformed_request"),
    ({"Upload-Metadata": "a YQ==,a YQ=="}, 400, "malformed_request"),
    ({"Upload-Metadata": "a YQ==,,b YQ=="}, 400, "malformed_request"),
])
def test_creations_that_are_refused(api, owner, change, status, code):
    headers = {name: value for name, value in {**TUS, "Upload-Length": "10", **change}.items() if value is not None}
    reply = api.post("/shorts/uploads", token=owner, headers=headers)
    assert_problem(reply, status, code)
    assert reply.headers["Tus-Resumable"] == "1.0.0"
    assert api.system.postgres.query("SELECT id FROM shorts.upload WHERE customer_id = %s", owner.id) == []


def test_patches_that_are_refused(api, customer):
    upload = Upload(api, customer, b"0123456789").create(first=4)
    for headers, status, code in (
            ({"Tus-Resumable": ""}, 412, "unsupported_tus_version"),
            ({"Upload-Offset": "3"}, 409, "wrong_offset"),
            ({"Upload-Offset": "5"}, 409, "wrong_offset"),
            ({"Upload-Offset": ""}, 400, "malformed_request"),
            ({"Upload-Offset": "-4"}, 400, "malformed_request"),
            ({"Content-Type": "application/octet-stream"}, 415, "unsupported_media_type")):
        reply = upload.patch(4, **headers)
        assert_problem(reply, status, code)
        if code == "wrong_offset":
            assert reply.headers["Upload-Offset"] == "4"
    assert_problem(api.patch(upload.path, token=customer, headers={**STREAM, "Upload-Offset": "4"}, data=b"4567890"), 413,
                   "body_too_large")
    assert upload.settled() == 4
    upload.finish()


def test_more_than_was_announced_is_refused_unread(front, customer):
    reply = Upload(front, customer, b"x" * 1000).create(first=1000, **{"Upload-Length": "10"}).created
    assert_problem(reply, 413, "body_too_large")
    upload = Upload(front, customer, b"x").create()
    reply = front.patch(upload.path, token=customer, headers={**STREAM, "Upload-Offset": "0"}, data=b"x" * (5 * MIB))
    assert_problem(reply, 413, "body_too_large")
    assert upload.settled() == 0


def test_a_chunked_body_has_no_length_and_its_bounds_all_the_same(apache):
    """lighttpd answers those 411; Apache passes them on."""
    customer = apache.register()
    upload = Upload(apache, customer, some_bytes(3 * MIB)).create()

    def pieces(data):
        yield from (data[at:at + 100000] for at in range(0, len(data), 100000))

    more = apache.patch(upload.path, token=customer, headers={**STREAM, "Upload-Offset": "0"}, data=pieces(upload.data + b"more"))
    assert_problem(more, 413, "body_too_large")
    assert upload.settled() <= len(upload.data)
    upload.create()
    fits = apache.patch(upload.path, token=customer, headers={**STREAM, "Upload-Offset": "0"}, data=pieces(upload.data))
    assert fits.status_code == 204
    upload.finish()


def test_another_s_upload_is_none(api, owner, customer):
    upload = Upload(api, owner, b"0123456789").create()
    stranger = Upload(api, customer, upload.data)
    for path in (upload.path, "/shorts/uploads/nonsense", "/shorts/uploads/00000000-0000-4000-8000-000000000000"):
        stranger.path = path
        assert stranger.head().status_code == 404
        assert_problem(stranger.patch(0), 404, "not_found")
        assert_problem(api.delete(path, token=customer, headers=TUS), 404, "not_found")
    assert_problem(api.patch(upload.path, headers=STREAM), 401, "token_missing")
    assert api.delete(upload.path, token=owner, headers=TUS).status_code == 204


def test_methods_in_a_post(front, customer):
    """Networks that let only GET and POST pass."""
    upload = Upload(front, customer, b"0123456789").create()
    reply = front.request("POST", upload.path, token=customer, data=upload.data[:6],
                          headers={**STREAM, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"})
    assert (reply.status_code, reply.headers["Upload-Offset"]) == (204, "6")
    assert upload.offset() == 6
    reply = front.request("POST", upload.path, token=customer, headers={**TUS, "X-HTTP-Method-Override": "DELETE"})
    assert reply.status_code == 204
    assert upload.head().status_code == 404
    assert_problem(front.post(upload.path, token=customer, headers=TUS), 405, "method_not_allowed")


def test_termination(api, customer):
    upload = Upload(api, customer, some_bytes(MIB)).create(first=1000)
    file = api.system.shorts_dir / "uploads" / upload.row()[1]
    assert file.stat().st_size == 1000
    assert api.delete(upload.path, token=customer, headers=TUS).status_code == 204
    assert not file.exists() and upload.head().status_code == 404
    assert_problem(upload.patch(1000), 404, "not_found")


def test_twenty_at_once(api, customer):
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda _: Upload(Api(api.system), customer, b"x").create().created, range(20)))
    refused = [reply for reply in replies if reply.status_code != 201]
    assert len(refused) == 15
    for reply in refused:
        assert_problem(reply, 429, "too_many_uploads")
        assert int(reply.headers["Retry-After"]) > 0 and '"open-uploads";r=0' in reply.headers["RateLimit"]
    upload = Upload(api, customer, b"x")
    upload.path = next(reply for reply in replies if reply.status_code == 201).headers["Location"]
    api.delete(upload.path, token=customer, headers=TUS)
    assert upload.create().created.status_code == 201


def test_a_creation_that_is_cut_leaves_nothing(front, customer):
    """Its client has not heard the upload's name."""
    def rows():
        return front.system.postgres.query("SELECT file FROM shorts.upload WHERE customer_id = %s", customer.id)

    with Upload(front, customer, some_bytes(4 * MIB)).start_creation() as connection:
        connection.sendall(bytes(2 * MIB))
        [(file,)] = until(rows, "the upload to be begun")
        place = front.system.shorts_dir / "uploads" / file
        until(place.exists, "the file to be begun")
    until(lambda: rows() == [] and not place.exists(), "the upload to be forgotten", 30)


def test_uploads_that_were_not_heard_of_make_way(api, customer):
    """Whoever never heard the reply of a creation creates again."""
    begun, taken, whole, empty, part = (Upload(api, customer, some_bytes(3000)).create(first=first) for first in (0, 0, 3000, 0, 1000))
    assert begun.patch(0, 1000).status_code == 204

    def refused():
        reply = Upload(api, customer, b"x").create().created
        assert_problem(reply, 429, "too_many_uploads")
        return int(reply.headers["Retry-After"])

    # Somebody may be about to begin with them.
    assert 0 < refused() <= 60
    with taken.start(0):
        until(lambda: taken.row()[3], "the lease to be taken")
        api.system.postgres.query("UPDATE shorts.upload SET created_at = created_at - interval '2 minutes' WHERE customer_id = %s",
                                  customer.id)
        for upload in (empty, part):
            assert upload.head().status_code == 200
            assert Upload(api, customer, b"x").create().created.status_code == 201
            assert upload.head().status_code == 404
        assert 0 < refused() <= 60
    assert (begun.offset(), taken.settled(), whole.offset()) == (1000, 0, 3000)


def test_takeovers_have_a_limit(api, customer):
    """Each costs a copy of what has arrived; chunks that come one after the other are not counted."""
    upload = Upload(api, customer, some_bytes(MIB)).create()
    upload.patch(0, 1000)

    def take_over():
        api.system.postgres.query("UPDATE shorts.upload SET leased_until = clock_timestamp() WHERE id = %s", upload.id)
        return upload.patch(upload.row()[0], 1)

    *taken, refused = (take_over() for _ in range(21))
    assert {reply.status_code for reply in taken} == {204}
    assert_problem(refused, 429, "rate_limited")
    assert 0 < int(refused.headers["Retry-After"]) <= 60 and '"takeovers";r=0' in refused.headers["RateLimit"]
    other = Upload(api, customer, some_bytes(30)).create()
    assert [other.patch(at, 1).status_code for at in range(30)] == [204] * 30
    # A minute later.
    api.system.redis.client().delete(*api.system.redis.client().keys("limit:takeovers:*"))
    upload.finish()


def test_room_is_promised_once(api):
    """To two at the same moment: the second hears of what the first was promised."""
    def create(connection):
        with connection.cursor() as cursor:
            cursor.execute("SELECT code FROM shorts.create_upload(%s, 600, gen_random_uuid()::text, NULL, '',"
                           " (SELECT coalesce(sum(length - received), 0)::bigint + 1000 FROM shorts.upload), false)",
                           [api.register().id])
            return cursor.fetchone()[0]

    with closing(api.system.postgres.connect()) as first, closing(api.system.postgres.connect()) as second, \
            ThreadPoolExecutor(1) as pool:
        first.autocommit = False
        assert create(first) is None
        refused = pool.submit(create, second)
        until(lambda: refused.done() or api.system.postgres.query(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"), "the second to wait")
        first.commit()
        assert refused.result() == "storage_full"


def test_the_blocked_do_not_upload(api, customer, ctl):
    upload = Upload(api, customer, b"0123456789").create(first=4)
    api.system.postgres.query("UPDATE pay.account SET standing = 'blocked' WHERE customer_id = %s", customer.id)
    assert_problem(Upload(api, customer, b"x").create().created, 403, "account_blocked")
    assert_problem(upload.patch(4), 403, "account_blocked")
    assert_problem(api.post("/shorts", token=customer, json={"upload_id": upload.id, "title": "x"}), 403, "account_blocked")
    assert upload.offset() == 4


def test_a_short_of_an_upload(api, customer, owner):
    upload = Upload(api, customer, b"0123456789").create(first=4)
    about = {"upload_id": upload.id, "title": "가" * 50, "description": "😀" * 144 + " #Tag1"}
    assert_problem(api.post("/shorts", token=customer, json=about), 409, "upload_unfinished")
    upload.finish()
    assert_problem(api.post("/shorts", token=owner, json=about), 404, "not_found")
    for change in ({"title": "가" * 51}, {"title": ""}, {"description": "x" * 151}, {"upload_id": "x"}, {"unknown": 1}):
        assert_problem(api.post("/shorts", token=customer, json={**about, **change}), 422, "validation_failed")
    made = api.post("/shorts", token=customer, json=about)
    assert made.status_code == 202 and made.json()["status"] == "processing"
    assert api.post("/shorts", token=customer, json=about).json() == made.json()
    seen = api.get(f"/shorts/{made.json()['id']}", token=customer).json()
    assert (seen["title"], seen["tags"], seen["status"]) == (about["title"], ["tag1"], "processing")
    # What is handed in stays as it is, and does not run out.
    assert_problem(upload.patch(10), 409, "upload_handed_in")
    assert_problem(api.delete(upload.path, token=customer, headers=TUS), 409, "upload_handed_in")
    # The worker removes the upload when it is done; the short is the same still.
    api.system.postgres.query("DELETE FROM shorts.upload WHERE id = %s", upload.id)
    assert api.post("/shorts", token=customer, json=about).json()["id"] == made.json()["id"]


def test_the_same_short_handed_in_at_once(api, customer):
    upload = Upload(api, customer, b"x").create(first=1)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: Api(api.system).post("/shorts", token=customer,
                                                            json={"upload_id": upload.id, "title": "x"}).json()["id"], range(8)))
    assert len(set(made)) == 1


def test_memory_does_not_grow_with_the_size(api, customer):
    def resident():
        return max(int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{pid}/status", encoding="ascii").read())[1])
                   for pid in api.system.programs()["shorts"])

    Upload(api, customer, some_bytes(MIB)).create(first=MIB)
    before = resident()
    Upload(api, customer, bytes(60 * MIB)).create(first=60 * MIB)
    assert resident() - before < 4096  # KiB


def test_figures_for_the_operator(make_system):
    system = make_system(start=False)
    system.twins = 1
    for part in (system.postgres, system.redis, system):
        part.start()
    upload = Upload(system.api, system.api.register(), some_bytes(3 * MIB)).create(first=MIB)
    with upload.start(MIB) as dead:
        dead.sendall(upload.data[MIB:MIB + 1000])
        until(lambda: upload.row()[3], "the lease to be taken")
        upload.finish()
    text = system.api.get("/shorts/metrics").text
    assert re.findall(r"^(moa_upload\w+)\S* (\d+)$", text, re.M) == [
        ("moa_upload_bytes_total", "3145728"), ("moa_upload_takeovers_total", "1"), ("moa_upload_storage_full_total", "0")]


def test_statements_of_a_patch(api, customer):
    """One to begin, one to end, one a mebibyte in between; of everything else one."""
    upload = Upload(api, customer, some_bytes(3 * MIB)).create()
    assert api.system.logged(upload.created)["statements"] == 1
    assert api.system.logged(upload.patch(0, MIB))["statements"] <= 3
    assert api.system.logged(upload.patch(MIB))["statements"] <= 4
    assert api.system.logged(upload.head())["statements"] == 1
