"""Videos and their pictures, as the web servers serve them: in parts, for long, and nothing else of the storage."""

import os
import secrets
import shutil
from types import SimpleNamespace

import pytest
import requests

from client import exchange
from moa import WWW_USER
from servers import until

SIZE = 5000


def put(path, data):
    """A file as the worker leaves it, a while ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o640)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    if WWW_USER:
        for one in (path.parent, path):
            shutil.chown(one, WWW_USER, WWW_USER)


@pytest.fixture(scope="module", params=["api", "apache"])
def served(request):
    """One video and one picture behind each of the web servers."""
    system = request.getfixturevalue(request.param).system
    name = secrets.token_hex(16)
    video, picture = os.urandom(SIZE), os.urandom(300)
    media = system.shorts_dir / "media"
    put(media / "ab" / f"{name}.mp4", video)
    put(media / "ab" / f"{name}.jpg", picture)
    return SimpleNamespace(system=system, media=media, name=name, video=video, picture=picture,
                           url=f"{system.url}/media/shorts/ab/{name}")


def get(url, **headers):
    return requests.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()}, timeout=10)


def status_of(served, path, method="GET"):
    """The status for a path that no client library has tidied up."""
    reply = exchange(served.system, f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    return int(reply.split()[1]), reply


def test_a_video_and_its_picture(served):
    for ending, data, kind in ((".mp4", served.video, "video/mp4"), (".jpg", served.picture, "image/jpeg")):
        reply = get(served.url + ending)
        assert (reply.status_code, reply.content) == (200, data)
        assert reply.headers["Content-Type"] == kind
        assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert reply.headers["Accept-Ranges"] == "bytes"
        head = requests.head(served.url + ending, timeout=10)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == str(len(data)) and head.headers["Content-Type"] == kind


@pytest.mark.parametrize("wanted, first, last", [
    ("bytes=0-0", 0, 0), ("bytes=0-1023", 0, 1023), ("bytes=4000-", 4000, SIZE - 1), ("bytes=-10", SIZE - 10, SIZE - 1),
    ("bytes=4990-9999", 4990, SIZE - 1), ("bytes=-9999", 0, SIZE - 1),
])
def test_a_part_of_it(served, wanted, first, last):
    reply = get(served.url + ".mp4", Range=wanted)
    if (first, last) != (0, SIZE - 1) or reply.status_code != 200:
        assert (reply.status_code, reply.headers["Content-Range"]) == (206, f"bytes {first}-{last}/{SIZE}")
    assert reply.content == served.video[first:last + 1]
    assert reply.headers["Content-Type"] == "video/mp4"
    assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_parts_that_cannot_be(served):
    beyond = get(served.url + ".mp4", Range=f"bytes={SIZE}-")
    assert beyond.status_code == 416 and served.video[-10:] not in beyond.content
    assert "Cache-Control" not in beyond.headers
    for nonsense in ("bytes=", "bytes=a-b", "bytes=9-5", "lines=1-2", "bytes=--5", "bytes=0x1-0x5", "bytes=1"):
        reply = get(served.url + ".mp4", Range=nonsense)
        # RFC 9110: what is no range is as if it were not there, or refused; it is never some other part.
        assert reply.status_code == 416 or (reply.status_code, reply.content) == (200, served.video), nonsense
    # Thousands of parts at once are not made.
    many = get(served.url + ".mp4", Range="bytes=" + ",".join(f"{n}-" for n in range(1000)))
    assert many.status_code in (200, 206, 416) and len(many.content) <= 2 * SIZE


def test_what_a_client_has_already(served):
    whole = get(served.url + ".mp4")
    tag, changed = whole.headers["ETag"], whole.headers["Last-Modified"]
    for condition in ({"If_None_Match": tag}, {"If_Modified_Since": changed}):
        reply = get(served.url + ".mp4", **condition)
        assert (reply.status_code, reply.content) == (304, b"")
    assert get(served.url + ".mp4", If_None_Match='"other"').status_code == 200
    for same in (tag, changed):
        reply = get(served.url + ".mp4", Range="bytes=10-19", If_Range=same)
        assert (reply.status_code, reply.content) == (206, served.video[10:20])
    for other in ('"other"', "Sat, 01 Jan 2000 00:00:00 GMT"):
        reply = get(served.url + ".mp4", Range="bytes=10-19", If_Range=other)
        assert (reply.status_code, reply.content) == (200, served.video)


def test_what_is_not_there_may_come_back(served):
    """A hidden short's files are away for a while: nobody may remember that for a year."""
    for name in (f"{secrets.token_hex(16)}.mp4", f"{secrets.token_hex(16)}.jpg", f"{'g' * 32}.mp4", ""):
        reply = get(f"{served.system.url}/media/shorts/ab/{name}")
        assert reply.status_code in (403, 404)
        assert "Cache-Control" not in reply.headers
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
    file = served.media / "ab" / f"{secrets.token_hex(16)}.mp4"
    url = f"{served.system.url}/media/shorts/ab/{file.name}"
    assert get(url).status_code == 404
    put(file, b"here")
    assert get(url).content == b"here"
    file.unlink()
    # lighttpd remembers for a second what it has seen.
    until(lambda: get(url).status_code == 404, "the file to be gone")


def test_nothing_else_of_the_storage(served):
    name, root = served.name, served.system.shorts_dir
    secret = b"nobody's business"
    others = [root / "uploads" / f"{name}.mp4", root / "private/ab" / f"{name}.mp4", root / "work/1" / f"{name}.mp4",
              root / f"{name}.mp4", served.media / f"{name}.mp4", served.media / "ab" / f"{name}.html",
              served.media / "ab" / f"{name}.mp4.part", served.media / "ab" / "short.mp4", served.media / "AB" / f"{name}.mp4",
              served.media / "ab/cd" / f"{name}.mp4", served.media / "ab" / f".{name}.mp4"]
    for path in others:
        put(path, secret)
    outside = served.media / "ab" / f"{secrets.token_hex(16)}.mp4"
    outside.symlink_to(others[0])
    (served.media / "cd").mkdir(exist_ok=True)
    (served.media / "ef").unlink(missing_ok=True)
    (served.media / "ef").symlink_to(root / "uploads")
    paths = [f"{name}.mp4", f"ab/{name}.html", f"ab/{name}.mp4.part", "ab/short.mp4", f"AB/{name}.mp4", f"ab/cd/{name}.mp4",
             f"ab/.{name}.mp4", f"ab/{outside.name}", f"ef/{name}.mp4", f"ab/{name}.mp4/", f"ab/{name}.mp4/x", f"ab/{name}.mp4%00.jpg",
             f"ab/{name}.mp4%0a", f"ab/{name}", f"ab/{name}.MP4", "", "ab", "ab/", ".", "./", "%2e/"]
    for up in ("..", "%2e%2e", ".%2e", "%2e%2e%2f..", "ab/../..", "ab/%2e%2e/%2e%2e", "ab%2f..%2f..", "..%2f", "%252e%252e", "..%5c",
               "%c0%ae%c0%ae"):
        paths += [f"{up}/{part}{name}.mp4" for part in ("", "uploads/", "private/ab/", "work/1/", "media/")]
        paths += [f"{up}/uploads/", f"{up}/etc/passwd", f"{up}/../../../../../etc/passwd"]
    for path in paths:
        for prefix in ("/media/shorts/", "/media/shorts//", "//media/shorts/", "/media/./shorts/"):
            status, reply = status_of(served, prefix + path)
            assert status in (400, 403, 404), (prefix + path, reply)
            assert secret not in reply and b"root:" not in reply and name.encode() not in reply.partition(b"\r\n\r\n")[2]
    for path in ("/media/", "/media", "/shorts/media/ab/" + name + ".mp4", "/uploads/" + name + ".mp4"):
        assert status_of(served, path)[0] in (403, 404)
    # That they are readable at all, and the tricks not in vain.
    assert get(served.url + ".mp4").content == served.video


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "MKCOL", "PROPFIND", "COPY"])
def test_they_are_only_looked_at(served, method):
    reply = requests.request(method, served.url + ".mp4", data=b"x", timeout=10)
    assert reply.status_code in (403, 405, 501), reply.text
    assert "Cache-Control" not in reply.headers and served.video[:100] not in reply.content
    assert get(served.url + ".mp4").content == served.video
