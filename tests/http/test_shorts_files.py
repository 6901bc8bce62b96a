"""Files of shorts follow their rows: removed with them, out of the served tree while hidden, and no orphans on either side."""

import os
import secrets
import time

import pytest

import worker
from client import Api
from servers import end, until
from test_shorts_media import get, put
from tus import Upload, some_bytes

READY = """
INSERT INTO shorts.short (customer_id, upload_id, title, status, progress, media, width, height, duration_s)
VALUES (%s, gen_random_uuid(), 'x', 'ready', 100, %s, 720, 1280, 12.5) RETURNING id
"""
HIDE = "UPDATE shorts.short SET hidden_at = CASE WHEN %s THEN moa.now() END WHERE id = %s"
ENDINGS = (".mp4", ".jpg")


@pytest.fixture(scope="module")
def kept(make_shared_system):
    """A system whose storage is its own."""
    return make_shared_system()


@pytest.fixture(scope="module")
def owner(kept):
    return kept.api.register()


class Short:
    """A short with both of its files, as the worker leaves them."""

    def __init__(self, system, owner):
        name = secrets.token_hex(16)
        self.system, self.media, self.root = system, f"{name[:2]}/{name}", system.shorts_dir
        for ending in ENDINGS:
            put(self.path("media", ending), self.media.encode())
        [(self.id,)] = system.postgres.query(READY, owner.id, self.media)

    def path(self, place, ending):
        return self.root / place / f"{self.media}{ending}"

    @property
    def place(self):
        """Where both files are; None: nowhere."""
        found = [place for place in ("media", "private") for ending in ENDINGS if self.path(place, ending).exists()]
        assert len(found) in (0, 2) and len(set(found)) <= 1, found
        return found[0] if found else None

    @property
    def status(self):
        return get(f"{self.system.url}/media/shorts/{self.media}.mp4").status_code

    def hide(self, hidden=True):
        self.system.postgres.query(HIDE, hidden, self.id)


def work(system, **env):
    """A round of the worker; its log."""
    done = worker.run(system, "--once", **{"MOA_SHORTS_DIR": str(system.shorts_dir), "MOA_LOG_LEVEL": "3", **env})
    assert done.returncode == 0, done.stderr
    return done.stderr


def notes(system):
    return system.postgres.query("SELECT count(*) FROM shorts.file_note")[0][0]


def age(path, hours):
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def test_deleted_by_its_owner(kept, owner):
    short, other = Short(kept, owner), Short(kept, owner)
    assert short.status == 200
    assert kept.api.delete(f"/shorts/{short.id}", token=owner).status_code == 204
    work(kept)
    assert short.place is None and other.place == "media" and notes(kept) == 0
    until(lambda: short.status == 404, "the video to be gone")


def test_within_seconds_by_a_worker_that_runs(kept, owner):
    shorts = [Short(kept, owner) for _ in range(3)]
    running = worker.start(kept, MOA_SHORTS_DIR=str(kept.shorts_dir))
    try:
        shorts[0].hide()
        kept.postgres.query("DELETE FROM shorts.short WHERE id = %s", shorts[1].id)
        until(lambda: [short.place for short in shorts] == ["private", None, "media"], "files to follow", 10)
    finally:
        assert end(running) == 0
        running.communicate()


def test_hidden_and_shown_again(kept, owner):
    short = Short(kept, owner)
    for hidden, place, status in ((True, "private", 404), (False, "media", 200), (True, "private", 404)):
        short.hide(hidden)
        work(kept)
        assert short.place == place
        until(lambda wanted=status: short.status == wanted, "the video to go or come back")
    # There and back before anybody looks: the last word counts.
    short.hide(False)
    short.hide(True)
    short.hide(False)
    work(kept)
    assert short.place == "media" and notes(kept) == 0
    short.hide()
    kept.postgres.query("DELETE FROM shorts.short WHERE id = %s", short.id)
    work(kept)
    assert short.place is None and notes(kept) == 0


def test_what_changes_while_a_worker_is_at_it(kept, owner):
    """A worker that is late puts the files where they belonged a moment ago: its note is due again."""
    short = Short(kept, owner)
    short.hide()
    [(late, _, _, place)] = kept.postgres.query("SELECT * FROM shorts.next_files(10)")
    assert place == "private"
    short.hide(False)
    work(kept)
    assert short.place == "media"
    for ending in ENDINGS:
        short.path("private", ending).parent.mkdir(parents=True, exist_ok=True)
        short.path("media", ending).rename(short.path("private", ending))
    kept.postgres.query("SELECT shorts.file_done(%s, %s)", late, place)
    work(kept)
    assert short.place == "media" and notes(kept) == 0


def test_hidden_before_it_is_ready(kept, owner):
    short = Short(kept, owner)
    kept.postgres.query("UPDATE shorts.short SET status = 'processing', media = NULL, hidden_at = moa.now() WHERE id = %s", short.id)
    for ending in ENDINGS:
        put(short.path("media", ending), b"x")
    kept.postgres.query("DELETE FROM shorts.file_note")
    kept.postgres.query("UPDATE shorts.short SET status = 'ready', media = %s WHERE id = %s", short.media, short.id)
    work(kept)
    assert short.place == "private"


def test_two_workers_and_many_files(kept, owner):
    shorts = [Short(kept, owner) for _ in range(250)]
    kept.postgres.query("DELETE FROM shorts.short WHERE id = ANY (%s::uuid[])", [short.id for short in shorts[:150]])
    kept.postgres.query("UPDATE shorts.short SET hidden_at = moa.now() WHERE id = ANY (%s::uuid[])", [short.id for short in shorts[150:]])
    pair = [worker.start(kept, "--once", MOA_SHORTS_DIR=str(kept.shorts_dir)) for _ in range(2)]
    logs = [each.communicate(timeout=60)[1] for each in pair]
    assert [each.returncode for each in pair] == [0, 0], logs
    assert [short.place for short in shorts] == [None] * 150 + ["private"] * 100
    # Files that one came upon while the other was about to move them are looked at once more.
    work(kept)
    assert [short.place for short in shorts] == [None] * 150 + ["private"] * 100 and notes(kept) == 0


def test_what_fails_is_tried_again(kept, owner):
    short = Short(kept, owner)
    blocker = kept.shorts_dir / "private" / short.media[:2]
    blocker.parent.mkdir(exist_ok=True)
    moved = blocker.exists() and blocker.rename(blocker.with_name("aside"))
    blocker.write_text("not a directory")
    short.hide()
    log = work(kept)
    assert 'level=error' in log and "cannot move" in log and short.media in log
    assert short.place == "media" and notes(kept) == 1
    blocker.unlink()
    if moved:
        moved.rename(blocker)
    work(kept)
    assert short.place == "media"  # its turn comes in a minute
    kept.postgres.query("UPDATE shorts.file_note SET leased_until = clock_timestamp()")
    work(kept)
    assert short.place == "private" and notes(kept) == 0


def uploaded(system, customer, handed_in):
    """An upload that is whole, with its file; handed_in: the short of it."""
    upload = Upload(system.api, customer, some_bytes(1000)).create(first=1000)
    [(file,)] = system.postgres.query("SELECT file FROM shorts.upload WHERE id = %s", upload.id)
    path = system.shorts_dir / "uploads" / file
    assert path.stat().st_size == 1000
    short = system.api.post("/shorts", token=customer, json={"upload_id": upload.id, "title": "x"}).json()["id"] if handed_in else None
    return path, short


@pytest.fixture
def waiting(kept):
    """Shorts wait while nobody processes them, whatever else the worker does."""
    kept.postgres.query("DELETE FROM shorts.short WHERE status = 'processing'")
    yield kept
    kept.postgres.query("DELETE FROM shorts.short WHERE status = 'processing'")


def test_deleted_before_it_was_processed(waiting):
    customer = waiting.api.register()
    path, short = uploaded(waiting, customer, True)
    assert waiting.api.delete(f"/shorts/{short}", token=customer).status_code == 204
    assert waiting.postgres.query("SELECT count(*) FROM shorts.upload WHERE customer_id = %s", customer.id) == [(0,)]
    work(waiting)
    assert not path.exists() and notes(waiting) == 0


def test_somebody_leaves(waiting):
    """Videos, hidden ones, what waits for its turn, and what nobody has made a short of: all of it goes."""
    customer = waiting.api.register()
    ready, hidden = Short(waiting, customer), Short(waiting, customer)
    hidden.hide()
    work(waiting)
    paths = [uploaded(waiting, customer, handed_in)[0] for handed_in in (True, False)]
    assert waiting.api.delete("/auth/me", token=customer, json={"password": customer.password}).status_code == 204
    work(waiting)
    assert (ready.place, hidden.place) == (None, None)
    assert not any(path.exists() for path in paths) and notes(waiting) == 0


def test_orphans(kept, owner):
    """What no row tells of is removed when it is old; what is new may get its row yet."""
    keep, hidden = Short(kept, owner), Short(kept, owner)
    hidden.hide()
    work(kept)
    api = Api(kept)
    uploads = Upload(api, owner, some_bytes(10)).create(first=5)
    [(name,)] = kept.postgres.query("SELECT file FROM shorts.upload WHERE id = %s", uploads.id)
    age(kept.shorts_dir / "uploads" / name, 20)
    stray = secrets.token_hex(16)
    root = kept.shorts_dir
    old = [root / "media/ab" / f"{stray}.mp4", root / "media/ab" / f"{stray}.jpg", root / "private/00" / f"{stray}.jpg",
           root / "media/ff" / f"{stray}.part", root / "media/stray.mp4", root / "uploads" / "a-b_c", root / "media/ab" / f"{stray}"]
    new = [root / "media/ab" / f"{stray[::-1]}.mp4", root / "uploads" / "new"]
    for path in [*old, *new]:
        put(path, b"x")
    for path in old:
        age(path, 1.1)
    for path in new:
        age(path, 0.9)
    for job, hours in (("gone", 25), ("running", 23)):
        put(root / "work" / job / "input", b"x")
        age(root / "work" / job, hours)
    log = work(kept)
    assert [path.name for path in old if path.exists()] == []
    assert all(path.exists() for path in new)
    assert (root / "uploads" / name).exists()
    assert (keep.place, hidden.place) == ("media", "private")
    assert os.listdir(root / "work") == ["running"]
    for path in old:
        assert path.name in log
    assert "gone" in log and "level=error" not in log


def test_what_is_in_the_wrong_place_is_put_right(kept, owner):
    """After a restore, say: the row is hidden, and its files are served."""
    short = Short(kept, owner)
    short.hide()
    kept.postgres.query("DELETE FROM shorts.file_note")
    work(kept)
    work(kept)
    assert short.place == "private"


def test_rows_without_files(kept, owner):
    lost, half = Short(kept, owner), Short(kept, owner)
    for ending in ENDINGS:
        lost.path("media", ending).unlink()
    half.path("media", ".jpg").unlink()
    log = work(kept)
    for short in (lost, half):
        assert [line for line in log.splitlines() if "files are missing" in line and short.id in line and "level=error" in line]
    assert log.count("files are missing") == 2
    kept.postgres.query("DELETE FROM shorts.short WHERE id = ANY (%s::uuid[])", [lost.id, half.id])
    assert "files are missing" not in work(kept)


def test_storage_of_another_database(kept, owner):
    """A worker that was given the wrong directory, or the wrong database, takes nothing there for orphans."""
    work(kept)
    stray = kept.shorts_dir / "media/ab" / f"{secrets.token_hex(16)}.mp4"
    put(stray, b"x")
    mark = kept.shorts_dir / ".database"
    right = os.readlink(mark)
    mark.unlink()
    mark.symlink_to(secrets.token_hex(16))
    assert "not the storage of this database" in work(kept)
    assert stray.exists()
    mark.unlink()
    work(kept)
    assert os.readlink(mark) == right and not stray.exists()
    # Without a directory the rows are still looked at.
    Short(kept, owner)
    assert "files are missing" in work(kept, MOA_SHORTS_DIR=str(kept.shorts_dir / "none"))


def test_a_directory_that_knows_nothing_of_our_shorts(kept, owner, tmp_path):
    """A volume that is not mounted: files that are not there are not gone, and it does not become this database's storage."""
    short, other = Short(kept, owner), Short(kept, owner)
    tmp_path.chmod(0o755)
    stray = tmp_path / "media/ab" / f"{secrets.token_hex(16)}.mp4"
    put(stray, b"x")
    age(stray, 2)
    kept.postgres.query("DELETE FROM shorts.short WHERE id = %s", short.id)
    log = work(kept, MOA_SHORTS_DIR=str(tmp_path))
    assert "not the storage of this database" in log and "mark=-" in log
    assert stray.exists() and not (tmp_path / ".database").is_symlink()
    assert (short.place, other.place, notes(kept)) == ("media", "media", 1)
    kept.postgres.query("UPDATE shorts.file_note SET leased_until = clock_timestamp()")
    work(kept)
    assert (short.place, other.place, notes(kept)) == (None, "media", 0)
    # Who has moved it there all the same says so.
    [(number,)] = kept.postgres.query("SELECT shorts.storage_id()::text")
    assert f"wanted={number}" in log
    (tmp_path / ".database").symlink_to(number)
    work(kept, MOA_SHORTS_DIR=str(tmp_path))
    assert not stray.exists()
