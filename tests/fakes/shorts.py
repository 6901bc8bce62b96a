"""A stand-in for moa's shorts, whose network is as bad as a test says: for the page, which must bear what a real one does only in bad
weather.  Its files are those of htdocs, under the shipped content policy.

moa = Shorts(htdocs, clip).start(); moa.script = lambda call, body: (status, {…}), CUT, SILENCE or None for what is usual
"""

import json
import re
import subprocess
import threading
import uuid
from pathlib import Path

from chat import Chat

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; connect-src 'self'; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
CUT, SILENCE = "cut", "silence"
CHANNEL = re.compile("GET /shorts/(me/overview|channels/:id)")
LISTS = re.compile("GET /shorts/(search|me/(uploads|liked|commented)|channels/:id/shorts)")
ME, OTHER = (str(uuid.UUID(int=number, version=4)) for number in (1, 2))
TITLES = ("한강의 밤", "고양이 산책", "Morning run", "오늘의 커피", "Waves", "라면 끓이기")


def make_clip(path, seconds=4, size="360x640"):
    """A video and its picture as the worker leaves them: path.mp4, path.jpg."""
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=s={size}:r=10:d={seconds}", "-c:v", "libx264",
                    "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-movflags", "+faststart", f"{path}.mp4",
                    "-frames:v", "1", f"{path}.jpg"], check=True)
    return Path(f"{path}.mp4")


def make_short(number, owner=OTHER, **more):
    name = f"/media/shorts/{number:032x}"
    return {"id": str(uuid.UUID(int=1000 + number, version=4)), "status": "ready", "reason": None, "progress": None,
            "video_url": f"{name}.mp4", "thumbnail_url": f"{name}.jpg", "width": 360, "height": 640, "duration_s": 4.0,
            "title": TITLES[number % len(TITLES)], "description": f"#산책 그리고 #number{number}", "tags": ["산책", f"number{number}"],
            "channel": {"id": owner, "nickname": "나" if owner == ME else "달리는 곰"}, "like_count": 3, "dislike_count": 0,
            "comment_count": 0, "view_count": 12345, "my_reaction": None, "subscribed": False, "mine": owner == ME, "hidden": False,
            "created_at": "2026-11-20T03:04:05.123Z", **more}


class Shorts(Chat):
    """calls are (call, body) of all calls but the files', in their order: ("PUT /shorts/:id/reaction", {"type": "like"})."""

    policy = POLICY

    def __init__(self, htdocs, clip, count=12):
        super().__init__(htdocs)
        self.clip = Path(clip)
        self.lost = False  # the videos' files are
        self.shorts = [make_short(number) for number in range(count)]
        self.watched = {"next_in_s": 3, "lap_progress_s": 0, "points_earned": 0, "points_today": 0, "daily_cap": 100}
        self.comments = []  # threads, the newest first
        self.upload = None  # {length, data} of the only one
        self.lock = threading.Lock()

    def handle(self, handler):
        path, _, query = handler.path.partition("?")
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        if path.startswith("/media/"):
            self.media(handler, path)
            return
        if not path.startswith("/api/"):
            self.file(handler, path)
            return
        path = path.removeprefix("/api/v1")
        call = f"{handler.command} {re.sub(r'[0-9a-f]{8}-[0-9a-f-]{27}', ':id', path)}"
        data = json.loads(body) if body and handler.headers["Content-Type"] == "application/json" else body
        with self.lock:
            self.calls.append((call, data or query))
        scripted = self.script and self.script(call, data)
        if scripted == SILENCE:
            self.cancelled.wait(30)
        elif scripted == CUT:
            handler.close_connection = True
        else:
            with self.lock:
                handler.answer(*scripted or self.reply(call, path, query, data, handler))

    def media(self, handler, path):
        """The clip, all of it or the range that is asked for."""
        if self.lost and path.endswith(".mp4"):
            handler.answer(404)
            return
        data = (self.clip if path.endswith(".mp4") else self.clip.with_suffix(".jpg")).read_bytes()
        kind = "video/mp4" if path.endswith(".mp4") else "image/jpeg"
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", handler.headers.get("Range") or "")
        if not asked:
            handler.head(200, kind, ("Content-Length", str(len(data))), ("Accept-Ranges", "bytes"))
            handler.wfile.write(data)
            return
        begin, end = int(asked[1]), min(int(asked[2] or len(data) - 1), len(data) - 1)
        handler.head(206, kind, ("Content-Length", str(end + 1 - begin)), ("Content-Range", f"bytes {begin}-{end}/{len(data)}"))
        handler.wfile.write(data[begin:end + 1])

    def reply(self, call, path, query, body, handler):  # pylint: disable=too-many-arguments,too-many-positional-arguments
        """What the call usually gets: (status, data, header, …)."""
        short = next((one for one in self.shorts if one["id"] in path), None)
        if call.startswith("POST /auth/"):
            return self.plain(call)
        if "/uploads" in path and "/me/" not in path:
            return self.tus(handler, body)
        if "/shorts/:id" in call and not short:
            return 404, {"code": "not_found", "title": "Not found"}
        if call == "GET /shorts/feed":
            begin = int((re.search(r"cursor=(\d+)", query) or [0, 0])[1])
            ready = [one for one in self.shorts if one["status"] == "ready"]
            return 200, {"items": ready[begin:begin + 10], "next_cursor": str(begin + 10) if begin + 10 < len(ready) else None}
        if call == "PUT /shorts/:id/reaction":
            short.update(my_reaction=body["type"], like_count=3 + (body["type"] == "like"))
            return 200, {name: short[name] for name in ("like_count", "dislike_count", "my_reaction")}
        if call == "POST /shorts/:id/watch":
            return 200, self.watched
        if call == "GET /shorts/:id":
            return 200, short
        if call == "POST /shorts":
            return 202, {"id": self.shorts[0]["id"], "status": "processing"}
        return self.more(call, query, body) or (204, None)

    def more(self, call, query, body):
        """Lists, channels, comments."""
        channel = {"id": ME if "/me/" in call else OTHER, "nickname": "나" if "/me/" in call else "달리는 곰",
                   "subscriber_count": 7, "short_count": len(self.shorts), "subscribed": False, "mine": "/me/" in call}
        if LISTS.fullmatch(call):
            items = [] if "nothing" in query else self.shorts
        elif CHANNEL.fullmatch(call):
            return 200, channel
        elif call.startswith("GET /shorts/me/subscri"):
            items = [channel]
        elif call == "GET /shorts/:id/comments":
            items = self.comments
        elif call == "POST /shorts/:id/comments":
            return 201, self.comment(body)
        else:
            return None
        return 200, {"items": items, "next_cursor": None}

    def comment(self, body):
        parent = body.get("parent_id")
        root = next((one for one in self.comments if parent in (one["id"], *(reply["id"] for reply in one["replies"]))), None)
        made = {"id": str(uuid.uuid4()), "parent_id": root and root["id"], "text": body["text"], "author": {"id": ME, "nickname": "나"},
                "mine": True, "deleted": False, "reply_count": 0, "replies": [], "created_at": "2026-11-22T03:04:05.123Z"}
        if root:
            root["replies"].append(made)
            root["reply_count"] += 1
        else:
            self.comments.insert(0, made)
        return made

    def tus(self, handler, body):
        """tus 1.0.0, as far as the page goes."""
        version = ("Tus-Resumable", "1.0.0")
        if handler.command == "POST":
            self.upload = {"length": int(handler.headers["Upload-Length"]), "data": b""}
            return 201, None, version, ("Location", f"/api/v1/shorts/uploads/{uuid.uuid4()}")
        if self.upload is None:
            return 404, {"code": "not_found", "title": "Not found"}, version
        if handler.command == "PATCH":
            if int(handler.headers["Upload-Offset"]) != len(self.upload["data"]):
                return 409, {"code": "conflict", "title": "Conflict"}, version
            self.upload["data"] += body
        elif handler.command == "DELETE":
            self.upload = None
            return 204, None, version
        return 204, None, version, ("Upload-Offset", str(len(self.upload["data"])))
