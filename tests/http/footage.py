"""Footage for the tests: small files made by ffmpeg, and uploads of them, by SQL as the shorts program leaves them."""

import json
import secrets
import shutil
import subprocess

from moa import WWW_USER
from worker import environment, own_dsn, run

UPLOAD = """
WITH up AS (INSERT INTO shorts.upload (customer_id, length, received, file, thumbnail, expires_at)
	VALUES (%s, %s, %s, %s, %s, moa.now() + interval '1 day') RETURNING id)
INSERT INTO shorts.short (customer_id, upload_id, title) SELECT %s, id, '올린 것' FROM up RETURNING id
"""
# Quick to make, quick to read, and of a size that says at once what became of it.
SMALL = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def ffmpeg(*args):
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, args)], check=True, timeout=180)


def film(path, size="128x228", seconds=1, rate=10, sound=True, more=SMALL):
    """A moving test picture with a tone."""
    tone = ("-f", "lavfi", "-i", f"sine=d={seconds}") if sound else ()
    ffmpeg("-f", "lavfi", "-i", f"testsrc=s={size}:r={rate}:d={seconds}", *tone, *more, path)
    return path


def probe(path):
    """What ffprobe says: the video stream, with the file's duration, and the names of all codecs."""
    printed = subprocess.run(["ffprobe", "-v", "error", "-print_format", "json", "-show_streams", "-show_format", str(path)],
                             check=True, capture_output=True, timeout=30).stdout
    told = json.loads(printed)
    video = next(stream for stream in told["streams"] if stream["codec_type"] == "video")
    return {**video, "seconds": float(told["format"].get("duration", 0)), "tags": told["format"].get("tags", {}),
            "codecs": sorted(stream["codec_name"] for stream in told["streams"])}


class Studio:
    """A system's shorts, as its worker makes them."""

    def __init__(self, system, owner):
        self.system = system
        self.owner = owner
        self.dir = system.shorts_dir

    def hand_in(self, path, picture=None):
        """A short of this file, as if it had been uploaded; returns its id."""
        names = [self._keep(part) if part else None for part in (path, picture)]
        size = path.stat().st_size
        [(short,)] = self.system.postgres.query(UPLOAD, self.owner.id, size, size, *names, self.owner.id)
        return short

    def _keep(self, path):
        name = secrets.token_hex(16)
        place = self.dir / "uploads"
        place.mkdir(exist_ok=True)
        shutil.copyfile(path, place / name)
        if WWW_USER:
            for kept in (place, place / name):
                shutil.chown(kept, WWW_USER, WWW_USER)
        return name

    def environment(self, **env):
        return environment(own_dsn(self.system), MOA_SHORTS_DIR=str(self.dir), **env)

    def work(self, **env):
        """Let the worker do what is due."""
        return run(self.system, "--once", **{"MOA_SHORTS_DIR": str(self.dir), **env})

    def show(self, short):
        return self.system.api.get(f"/shorts/{short}", token=self.owner).json()

    def make(self, path, picture=None, **env):
        """What becomes of the file: the short when it has been processed."""
        short = self.hand_in(path, picture)
        done = self.work(**env)
        return {**self.show(short), "log": done.stderr}

    def file(self, url):
        return self.dir / url.removeprefix("/media/shorts/").join(("media/", ""))

    def leftovers(self):
        """What lies about in uploads/ and work/."""
        return sorted(path.name for place in ("uploads", "work") for path in (self.dir / place).glob("*"))
