"""From an upload to a short: what the worker makes of good files and of bad ones, and that nothing half-made is ever seen."""

import os
import re
import secrets
import signal
import socket
import stat
import struct
import subprocess

import pytest

from client import assert_problem
from footage import SMALL, Studio, ffmpeg, film, probe
from moa import binary
from servers import until


@pytest.fixture(scope="module")
def system(make_shared_system):
    return make_shared_system()


@pytest.fixture(scope="module")
def studio(system):
    return Studio(system, system.api.register())


@pytest.fixture
def clip(tmp_path):
    """clip(name="a.mp4", **film's): a small good film."""
    return lambda name="a.mp4", **more: film(tmp_path / name, **more)


def test_a_film_becomes_a_short(studio, clip):
    short = studio.make(clip(size="128x228", seconds=2, more=(*SMALL, "-metadata", "location=+37.56+126.97/", "-metadata", "title=secret")))
    assert short["status"] == "ready", short
    assert (short["width"], short["height"], short["progress"], short["reason"]) == (128, 228, None, None)
    assert short["duration_s"] == pytest.approx(2, abs=0.1)
    video, poster = studio.file(short["video_url"]), studio.file(short["thumbnail_url"])
    made = probe(video)
    assert made["codecs"] == ["aac", "h264"] and made["pix_fmt"] == "yuv420p" and made["profile"] == "High"
    assert not {"location", "title"} & made["tags"].keys()
    # With the index in front of the frames it plays before all of it is there.
    head = video.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")
    assert (probe(poster)["codec_name"], probe(poster)["width"], probe(poster)["height"]) == ("mjpeg", 128, 228)
    assert stat.S_IMODE(video.stat().st_mode) == 0o644
    assert len(video.stem) == 32 and video.parent.name == video.stem[:2]
    assert studio.leftovers() == []
    assert studio.system.postgres.query("SELECT count(*) FROM shorts.upload") == [(0,)]


@pytest.mark.parametrize("size, becomes", [
    ("1080x1920", (720, 1280)), ("1920x1080", (1280, 720)), ("608x1080", (608, 1080)), ("729x1283", (720, 1266)), ("101x203", (100, 202))])
def test_the_shorter_side_is_720_at_most_and_nothing_grows(studio, clip, size, becomes):
    even = tuple(int(side) % 2 for side in size.split("x")) == (0, 0)
    codec = SMALL if even else ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p")
    short = studio.make(clip(size=size, seconds=0.3, sound=False, more=codec))
    assert (short["width"], short["height"]) == becomes, short
    made = probe(studio.file(short["video_url"]))
    assert (made["width"], made["height"], made["codecs"]) == (*becomes, ["h264"])


def test_what_a_telephone_turned_is_turned(studio, clip, tmp_path):
    lying = clip(size="320x180")
    ffmpeg("-i", lying, "-c", "copy", "-metadata:s:v", "rotate=90", tmp_path / "turned.mp4")
    short = studio.make(tmp_path / "turned.mp4")
    assert (short["status"], short["width"], short["height"]) == ("ready", 180, 320)


@pytest.mark.parametrize("name, codec", [
    ("a.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus")),
    ("a.mkv", ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p10le")),
    ("a.mov", SMALL)])
def test_what_telephones_and_editors_make(studio, clip, name, codec):
    short = studio.make(clip(name, more=codec))
    assert short["status"] == "ready", short
    assert probe(studio.file(short["video_url"]))["pix_fmt"] == "yuv420p"


@pytest.fixture
def red(tmp_path):
    """A picture of one's own."""
    ffmpeg("-f", "lavfi", "-i", "color=red:s=300x100", "-frames:v", 1, tmp_path / "red.png")
    return tmp_path / "red.png"


def is_red(poster):
    dot = subprocess.run(["ffmpeg", "-v", "error", "-i", poster, "-vf", "scale=1:1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
                         check=True, capture_output=True).stdout
    return dot[0] > 200 and dot[1] < 60 and dot[2] < 60


def test_a_picture_of_ones_own(studio, clip, red):
    short = studio.make(clip(), picture=red)
    poster = studio.file(short["thumbnail_url"])
    assert (probe(poster)["width"], probe(poster)["height"]) == (128, 228)
    assert is_red(poster)


def test_a_picture_that_is_none_is_replaced_by_a_frame(studio, clip, tmp_path):
    (tmp_path / "x.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    short = studio.make(clip(), picture=tmp_path / "x.svg")
    assert short["status"] == "ready" and probe(studio.file(short["thumbnail_url"]))["codec_name"] == "mjpeg"


@pytest.mark.parametrize("seconds, fate", [(60, ("ready", None)), (61, ("failed", "too_long"))])
def test_a_minute_is_the_limit(studio, clip, seconds, fate):
    short = studio.make(clip(size="32x32", seconds=seconds, rate=5))
    assert (short["status"], short["reason"]) == fate, short


@pytest.mark.parametrize("rate, seconds, tone", [(5, 60, 22050), ("5000/1001", 60.06, 44100)], ids=["coarse", "NTSC"])
def test_a_minute_with_sound_is_a_minute(studio, tmp_path, rate, seconds, tone):
    """Sound comes in pieces, the last of which ends a little after the picture."""
    path = tmp_path / "a.mp4"
    ffmpeg("-f", "lavfi", "-i", f"testsrc=s=32x32:r={rate}:d={seconds}", "-f", "lavfi", "-i", f"sine=d={seconds}:sample_rate={tone}",
           *SMALL, "-use_editlist", 0, path)
    short = studio.make(path)
    assert (short["status"], short["reason"]) == ("ready", None), short
    assert short["duration_s"] == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize("seconds, fate", [(50, ("ready", None)), (90, ("failed", "too_long"))])
def test_sound_that_outlasts_the_picture(studio, tmp_path, seconds, fate):
    """A short is as long as there is something to hear, and its picture is from where there is one."""
    path = tmp_path / "a.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=32x32:r=5:d=2", "-f", "lavfi", "-i", f"sine=d={seconds}", *SMALL, path)
    short = studio.make(path)
    assert (short["status"], short["reason"]) == fate, short
    if short["status"] == "ready":
        assert short["duration_s"] == pytest.approx(seconds, abs=0.1)
        assert probe(studio.file(short["thumbnail_url"]))["codec_name"] == "mjpeg"


def test_words_that_outlast_the_film(studio, clip, tmp_path):
    """What is not taken over may end later than what is."""
    (tmp_path / "words.srt").write_text("1\n00:00:00,000 --> 00:00:40,000\nThe end\n")
    ffmpeg("-i", clip(seconds=2), "-i", tmp_path / "words.srt", "-c", "copy", "-c:s", "mov_text", tmp_path / "told.mp4")
    assert probe(tmp_path / "told.mp4")["seconds"] == pytest.approx(40, abs=0.5)
    short = studio.make(tmp_path / "told.mp4")
    assert (short["status"], short["reason"]) == ("ready", None), short
    assert short["duration_s"] == pytest.approx(2, abs=0.1)


def test_a_film_that_is_longer_than_it_says(studio, clip, tmp_path):
    """The index claims a second; what it leads to goes on for longer than a minute."""
    liar = clip("a.mkv", size="32x32", seconds=70, rate=5)
    content = bytearray(liar.read_bytes())
    at = content.index(b"\x44\x89\x88") + 3  # Matroska's Duration, a double, in milliseconds
    content[at:at + 8] = struct.pack(">d", 1000.0)
    liar.write_bytes(content)
    short = studio.make(liar)
    assert (short["status"], short["reason"]) == ("failed", "too_long"), short


def zeros(path):
    with open(path, "wb") as out:
        out.truncate(200 * 1024 * 1024)


def sound_only(path):
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-f", "mp4", path)


def sleeve(path):
    """A song with its sleeve's picture is no film."""
    picture = path.with_suffix(".png")
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", 1, picture)
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-i", picture, "-map", "0:a", "-map", "1:v", "-c:v", "copy", "-disposition:v", "attached_pic",
           "-f", "mp4", path)


def png(path):
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", 1, "-f", "image2", "-c:v", "png", path)


def tiny(path):
    film(path, size="8x8", seconds=0.2)


def beginning(path):
    path.write_bytes(film(path.with_suffix(".whole.mp4"), seconds=3).read_bytes()[:6000])


def first_half(path):
    """The index is in front, and half of the frames are there."""
    whole = film(path.with_suffix(".whole.mp4"), seconds=4, more=(*SMALL, "-movflags", "+faststart")).read_bytes()
    path.write_bytes(whole[:len(whole) // 2])


def garbled(path):
    content = bytearray(film(path.with_suffix(".whole.mp4"), seconds=2, more=(*SMALL, "-movflags", "+faststart")).read_bytes())
    at = content.index(b"mdat") + 8
    content[at:] = os.urandom(len(content) - at)
    path.write_bytes(content)


def empty_mp4(path):
    path.write_bytes(film(path.with_suffix(".whole.mp4")).read_bytes()[:40])


def words(path):
    path.write_text("<html><script>alert(1)</script></html>")


def old_codec(path):
    film(path.with_suffix(".mkv"), size="64x64", more=("-c:v", "wmv2"))
    path.write_bytes(path.with_suffix(".mkv").read_bytes())


@pytest.mark.parametrize("make, reason", [
    (zeros, "not_a_video"), (sound_only, "no_picture"), (sleeve, "no_picture"), (png, "not_a_video"), (tiny, "bad_size"),
    (beginning, "not_a_video"), (first_half, "unreadable"), (garbled, "unreadable"), (empty_mp4, "not_a_video"), (words, "not_a_video"),
    (old_codec, "unsupported_codec")], ids=lambda value: getattr(value, "__name__", value))
def test_what_cannot_be_a_short(studio, tmp_path, make, reason):
    make(tmp_path / "bad.mp4")
    short = studio.make(tmp_path / "bad.mp4")
    assert (short["status"], short["reason"]) == ("failed", reason), short
    assert short["reason_text"].keys() == {"ko", "en"} and "We could not" not in short["reason_text"]["en"]
    assert short["video_url"] is None and studio.leftovers() == []
    assert_problem(studio.system.api.get(f"/shorts/{short['id']}"), 404, "not_found")


def test_a_bomb_of_dimensions(studio, clip):
    """The container says 20,000 by 20,000, and nothing is decoded."""
    bomb = clip(size="128x228", sound=False)
    content = bomb.read_bytes()
    small, large = struct.pack(">HH", 128, 228), struct.pack(">HH", 20000, 20000)
    assert content.count(small) >= 1
    bomb.write_bytes(content.replace(small, large))
    assert studio.make(bomb)["reason"] == "not_a_video"
    real = clip("large.mp4", size="4608x64", seconds=0.2, sound=False)
    assert studio.make(real)["reason"] == "bad_size"
    # The container says that it is small, and the frames are not.
    hidden = clip("hidden.mp4", size="5000x4000", seconds=0.2, sound=False)
    content, large = hidden.read_bytes(), struct.pack(">HH", 5000, 4000)
    assert content.count(large) >= 1
    hidden.write_bytes(content.replace(large, small))
    assert studio.make(hidden)["reason"] == "unreadable"


@pytest.mark.parametrize("form", ["m3u8", "concat", "mpd"])
def test_lists_that_name_other_files(studio, tmp_path, form):
    """Neither a file of ours nor a server of somebody's is read on behalf of an upload."""
    secret = film(tmp_path / "secret.mp4", seconds=0.3)
    secret.chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x.ts"
        text = {"m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n",
                "concat": f"ffconcat version 1.0\nfile '{secret}'\nfile '{url}'\n",
                "mpd": f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
                       f'<Representation id="1"><BaseURL>{url}</BaseURL></Representation></AdaptationSet></Period></MPD>'}[form]
        (tmp_path / "list.mp4").write_text(text)
        before = secret.stat().st_atime_ns
        short = studio.make(tmp_path / "list.mp4")
        assert (short["status"], short["reason"]) == ("failed", "not_a_video"), short
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert secret.stat().st_atime_ns == before


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def open_place(system, studio):
    """A directory that the confined tools may enter, whoever they run as."""
    place = system.place / "tools"
    place.mkdir(exist_ok=True)
    return place


@pytest.mark.parametrize("text, reason", [
    ("exec /bin/sleep 1000", "took_too_long"), ("exit 1", "unreadable"), ("kill -SEGV $$", "unreadable"),
    ("while :; do echo out_time_us=1; done", "took_too_long")], ids=["hangs", "fails", "dies", "babbles"])
def test_an_encoder_that_does_not_do_its_work(studio, clip, open_place, text, reason):
    short = studio.make(clip(), MOA_FFMPEG=script(open_place / "ffmpeg", text), MOA_VIDEO_DEADLINE_S="1")
    assert (short["status"], short["reason"]) == ("failed", reason), short
    assert studio.leftovers() == []


def with_picture(text):
    """An encoder that behaves so when it comes to the picture of one's own."""
    return f'case "$*" in *file:picture*) {text};; esac; exec /usr/bin/ffmpeg "$@"'


@pytest.mark.parametrize("text", ["kill -KILL $$", "exec /nonexistent"], ids=["killed", "missing"])
def test_a_picture_is_not_blamed_for_its_tool(studio, clip, red, open_place, text):
    short = studio.hand_in(clip(), red)
    studio.work(MOA_FFMPEG=script(open_place / "ffmpeg", with_picture(text)))
    assert studio.show(short)["status"] == "processing"
    studio.system.postgres.query("UPDATE shorts.job SET leased_until = now()")
    studio.work()
    assert is_red(studio.file(studio.show(short)["thumbnail_url"])) and studio.leftovers() == []


@pytest.mark.parametrize("text", ["exit 1", "exit 0"], ids=["fails", "makes nothing"])
def test_a_picture_that_cannot_be_taken_is_replaced_by_a_frame(studio, clip, red, open_place, text):
    short = studio.make(clip(), red, MOA_FFMPEG=script(open_place / "ffmpeg", with_picture(text)))
    assert short["status"] == "ready" and not is_red(studio.file(short["thumbnail_url"]))


def test_an_encoder_that_makes_no_poster(studio, clip, open_place):
    """It says that all is well: this is not to go on for ever."""
    text = 'case "$*" in *poster.jpg*) exit 0;; esac; exec /usr/bin/ffmpeg "$@"'
    short = studio.make(clip(), MOA_FFMPEG=script(open_place / "ffmpeg", text))
    assert (short["status"], short["reason"]) == ("failed", "unreadable"), short


def test_the_tools_take_two_threads(studio, clip, red, open_place):
    """For what is read as for what is written, or decoding would take all there are."""
    report = open_place / "threads"
    report.write_text("")
    report.chmod(0o666)
    studio.make(clip(), red, MOA_FFMPEG=script(open_place / "ffmpeg", f'echo "$*" >>{report}; exec /usr/bin/ffmpeg "$@"'))
    runs = [line.split() for line in report.read_text().splitlines()]
    assert len(runs) == 2
    for args in runs:
        before = args[:args.index("-i")]
        assert before[before.index("-threads") + 1] == "2" and before[before.index("-filter_threads") + 1] == "1"
    encoding = next(args for args in runs if "libx264" in args)
    assert encoding.count("-threads") == 2


@pytest.mark.parametrize("text", ["exec /usr/bin/yes", "/usr/bin/yes >&2 & exec /bin/echo '{}'"], ids=["floods", "leaves a child"])
def test_a_prober_that_goes_wild(studio, clip, open_place, text):
    short = studio.make(clip(), MOA_FFPROBE=script(open_place / "ffprobe", text))
    assert (short["status"], short["reason"]) == ("failed", "not_a_video"), short


def test_tools_that_are_not_there_are_not_the_videos_fault(studio, clip):
    short = studio.hand_in(clip())
    done = studio.work(MOA_FFPROBE="/nonexistent/ffprobe")
    assert studio.show(short)["status"] == "processing" and "does not run" in done.stderr
    studio.system.postgres.query("UPDATE shorts.job SET leased_until = now()")
    studio.work()
    assert studio.show(short)["status"] == "ready"


def test_tools_see_neither_our_environment_nor_our_files_nor_a_network(studio, clip, open_place):
    report = open_place / "report"
    report.write_text("")
    report.chmod(0o666)
    text = (f"{{ env; sed -n 's/^ *\\([^ :]*\\):.*/interface \\1/p' /proc/self/net/dev; cat /proc/self/limits; "
            f"grep NoNewPrivs /proc/self/status; for fd in /proc/$$/fd/*; do echo descriptor ${{fd##*/}}; done; }} >>{report}; exit 1")
    studio.make(clip(), MOA_FFPROBE=script(open_place / "ffprobe", text), MOA_WEBHOOK_KEY="00" * 32)
    told = report.read_text()
    assert "MOA_" not in told and "NoNewPrivs:\t1" in told and "Max core file size        0" in told
    soft, hard = map(int, re.search(r"Max cpu time +(\d+) +(\d+)", told).groups())
    assert 0 < soft < hard, "it is told before it is killed"
    assert re.findall("^interface (.*)$", told, re.M) == ["lo"]
    # The shell's own: what it reads, writes and has put aside; anything handed on would stand in the way of the third.
    assert set(re.findall("^descriptor (.*)$", told, re.M)) <= {"0", "1", "2", "3", "10", "11"}


def test_a_full_disk_is_not_the_videos_fault(studio, clip, open_place):
    """What the encoder wrote was cut off; the upload stays, and its turn comes again when there is room."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=777", "tmpfs", studio.dir], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        short = studio.hand_in(clip())
        text = "/bin/head -c 8000000 /dev/zero >video.mp4; exit 0"
        told = studio.work(MOA_FFMPEG=script(open_place / "ffmpeg", text)).stderr
        assert "put off" in told and "the storage is full" in told
        assert studio.show(short)["status"] == "processing"
        assert len(studio.leftovers()) == 1, "the upload"
        studio.system.postgres.query("UPDATE shorts.job SET leased_until = now()")
        studio.work()
        assert studio.show(short)["status"] == "ready" and studio.leftovers() == []
    finally:
        subprocess.run(["umount", "-l", studio.dir], check=True)
        studio.system.postgres.query("DELETE FROM shorts.short")


def test_an_encoder_that_others_kill(studio, clip, open_place):
    """As a machine short of memory does: once or twice that is bad luck."""
    short = studio.hand_in(clip())
    for _ in range(3):
        studio.work(MOA_FFMPEG=script(open_place / "ffmpeg", "kill -KILL $$"))
        assert studio.show(short)["status"] == "processing"
        studio.system.postgres.query("UPDATE shorts.job SET leased_until = now()")
    studio.work()
    assert studio.show(short)["reason"] == "gave_up" and studio.leftovers() == []


def test_a_silent_encoder_keeps_its_lease(studio, clip, open_place):
    short = studio.hand_in(clip())
    begun = open_place / "begun"
    text = f"echo >{begun}; until [ -e {open_place}/end ]; do /bin/sleep 0.05; done; exec /usr/bin/ffmpeg \"$@\""
    begun.write_text("")
    begun.chmod(0o666)
    worker = subprocess.Popen([binary("moa-worker"), "--once"], stderr=subprocess.DEVNULL,
                              env=studio.environment(MOA_FFMPEG=script(open_place / "ffmpeg", text)))

    def leased_until():
        return studio.system.postgres.query("SELECT leased_until FROM shorts.job WHERE short_id = %s", short)

    until(begun.read_text, "the encoder to begin")
    before = leased_until()
    until(lambda: leased_until() > before, "the lease to go on")
    (open_place / "end").write_text("")
    worker.wait(180)
    assert studio.show(short)["status"] == "ready"


def test_progress_is_told(studio, clip, open_place):
    text = "echo out_time_us=500000; exec /bin/sleep 1000"
    short = studio.hand_in(clip(seconds=1))
    worker = subprocess.Popen([binary("moa-worker")], stderr=subprocess.DEVNULL,
                              env=studio.environment(MOA_FFMPEG=script(open_place / "ffmpeg", text)))
    try:
        until(lambda: studio.show(short)["progress"] == 47, "half of it to be done")
    finally:
        worker.terminate()
        assert worker.wait(20) == 0
    # Asked to end, it gave the short back at once.
    assert studio.show(short)["status"] == "processing"
    studio.work()
    assert studio.show(short)["status"] == "ready"


def killed_at_work(studio, clip, open_place):
    """A short whose worker was killed while it encoded."""
    short = studio.hand_in(clip())
    mark = open_place / "mark"
    mark.write_text("")
    mark.chmod(0o666)
    text = f"echo $$ >{mark}; exec /bin/sleep 1000"
    worker = subprocess.Popen([binary("moa-worker")], stderr=subprocess.DEVNULL,
                              env=studio.environment(MOA_FFMPEG=script(open_place / "ffmpeg", text)))
    encoder = int(until(mark.read_text, "the encoder to run"))
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    until(lambda: not os.path.exists(f"/proc/{encoder}"), "the encoder to die with its worker")
    return short


def test_a_worker_that_is_killed_amid_its_work(studio, clip, open_place):
    short = killed_at_work(studio, clip, open_place)
    studio.work()
    assert studio.show(short)["status"] == "processing", "its lease has not run out"
    studio.system.postgres.query("UPDATE shorts.job SET leased_until = now()")
    studio.work()
    assert studio.show(short)["status"] == "ready" and studio.leftovers() == []


def test_what_kills_its_workers_is_given_up(studio, clip, open_place):
    short = killed_at_work(studio, clip, open_place)
    studio.system.postgres.query("UPDATE shorts.job SET leased_until = now(), tries = 3")
    studio.work()
    assert (studio.show(short)["status"], studio.show(short)["reason"]) == ("failed", "gave_up")


def test_a_worker_that_was_thought_dead_is_not_heard(studio, clip, open_place):
    """It finishes after another has taken its place; what it made is thrown away."""
    gate = open_place / "gate"
    text = f"until [ -e {gate} ]; do /bin/sleep 0.05; done; exec /usr/bin/ffmpeg \"$@\""
    short = studio.hand_in(clip())
    slow = subprocess.Popen([binary("moa-worker"), "--once"], stderr=subprocess.DEVNULL,
                            env=studio.environment(MOA_FFMPEG=script(open_place / "ffmpeg", text)))
    until(lambda: studio.system.postgres.query("SELECT 1 FROM shorts.job WHERE short_id = %s", short), "it to begin")
    studio.system.postgres.query("UPDATE shorts.job SET leased_until = now() + interval '1 minute', fence = fence + 1")
    gate.write_text("")
    slow.wait(180)
    assert studio.show(short)["status"] == "processing"
    studio.system.postgres.query("UPDATE shorts.job SET leased_until = now()")
    studio.work()
    short = studio.show(short)
    assert short["status"] == "ready"
    assert studio.file(short["video_url"]).exists()


def test_a_worker_that_was_thought_dead_spoils_nothing(studio, clip, open_place):
    """It ends while the other is at it."""
    def begin(name, text):
        begun = open_place / f"{name}.begun"
        begun.write_text("")
        begun.chmod(0o666)
        wait = f"echo >{begun}; until [ -e {open_place}/{name}.end ]; do /bin/sleep 0.05; done"
        path = script(open_place / name, text.format(wait=wait))
        worker = subprocess.Popen([binary("moa-worker"), "--once"], stderr=subprocess.DEVNULL, env=studio.environment(MOA_FFMPEG=path))
        until(begun.read_text, f"the {name} encoder to begin")
        return worker

    def end(name, worker):
        (open_place / f"{name}.end").write_text("")
        assert worker.wait(180) == 0

    short = studio.hand_in(clip())
    first = begin("first", '{wait}; exec /usr/bin/ffmpeg "$@"')
    studio.system.postgres.query("UPDATE shorts.job SET leased_until = now()")
    second = begin("second", '/usr/bin/ffmpeg "$@" || exit 1; {wait}')
    end("first", first)
    assert studio.show(short)["status"] == "processing"
    end("second", second)
    short = studio.show(short)
    assert short["status"] == "ready" and studio.leftovers() == []
    assert studio.file(short["video_url"]).exists() and studio.file(short["thumbnail_url"]).exists()


def test_two_workers_make_it_once(studio, clip):
    shorts = [studio.hand_in(clip(f"{n}.mp4", seconds=0.3)) for n in range(4)]
    workers = [subprocess.Popen([binary("moa-worker"), "--once"], env=studio.environment(), stderr=subprocess.PIPE, text=True)
               for _ in range(2)]
    told = "".join(worker.communicate(timeout=60)[1] for worker in workers)
    assert [told.count(f"id={short} result=ready") for short in shorts] == [1] * 4


def test_a_short_that_is_deleted_amid_processing(studio, clip, open_place):
    short = killed_at_work(studio, clip, open_place)
    studio.system.postgres.query("DELETE FROM shorts.short WHERE id = %s", short)
    assert studio.work().returncode == 0


def test_an_upload_whose_bytes_are_gone(studio, clip):
    short = studio.hand_in(clip())
    for path in (studio.dir / "uploads").iterdir():
        path.unlink()
    studio.work()
    assert studio.show(short)["reason"] == "unreadable"


def away(studio, **env):
    """The worker says that there is no storage, and decides nothing."""
    told = studio.work(**env)
    assert told.returncode == 0 and "the storage is away" in told.stderr and "result=" not in told.stderr, told.stderr
    studio.system.postgres.query("UPDATE shorts.job SET leased_until = now()")


def test_storage_that_is_away_costs_no_upload(studio, clip, tmp_path):
    """An empty directory where the volume ought to be, and one that is not there at all; then it comes back."""
    studio.make(clip(seconds=0.3))
    short = studio.hand_in(clip())
    empty = tmp_path / "mount"
    empty.mkdir()
    away(studio, MOA_SHORTS_DIR=str(empty))
    away(studio, MOA_SHORTS_DIR=str(tmp_path / "none"))
    assert not (empty / ".database").is_symlink(), "it is nobody's"
    # Nor is it ours by what has been made there in the meantime, or by bearing another's mark.
    (empty / "uploads").mkdir()
    (empty / "uploads" / "new").write_bytes(b"x")
    away(studio, MOA_SHORTS_DIR=str(empty))
    (empty / ".database").symlink_to(secrets.token_hex(16))
    away(studio, MOA_SHORTS_DIR=str(empty))
    assert studio.show(short)["status"] == "processing"
    studio.work()
    assert studio.show(short)["status"] == "ready"


def test_our_storage_without_its_uploads_is_away(studio, clip):
    """The mark is on what lies beneath, too, when that was used once."""
    short = studio.hand_in(clip())
    studio.work(MOA_FFPROBE="/nonexistent")
    uploads = studio.dir / "uploads"
    uploads.rename(studio.dir / "aside")
    studio.system.postgres.query("UPDATE shorts.job SET leased_until = now()")
    away(studio)
    (studio.dir / "aside").rename(uploads)
    studio.work()
    assert studio.show(short)["status"] == "ready"
