"""The tus project's own client (tus-js-client from npm) against both web servers: it sends, breaks off, resumes, and programs die meanwhile."""

import json
import os
import signal
import subprocess

import pytest

from moa import Apache, Lighttpd
from nodes import node, node_place
from servers import until
from tus import MIB, Upload, some_bytes

CHUNK = MIB // 2


@pytest.fixture(scope="module", params=[Lighttpd, Apache], ids=["lighttpd", "apache"])
def system(request, make_shared_system):
    return make_shared_system(kind=request.param)


@pytest.fixture(scope="module")
def video(place):
    path = place / "phone.mp4"
    path.write_bytes(some_bytes(5 * MIB))
    return path


def told(system, customer, video, **more):
    return {"MOA_TUS": json.dumps({"endpoint": f"{system.url}/api/v1/shorts/uploads", "token": customer.access_token,
                                   "file": str(video), "chunk": CHUNK, **more})}


def finished(system, customer, video, url):
    """The upload is whole, byte for byte."""
    upload = Upload(system.api, customer, video.read_bytes())
    upload.path = url.removeprefix(system.url)
    upload.finish()
    made = system.api.post("/shorts", token=customer, json={"upload_id": upload.id, "title": "영상"})
    assert made.status_code == 202


def kill(system):
    """kill -9 of every process that takes uploads, which come back as they would under lighttpd or systemd."""
    if isinstance(system, Apache):
        system.uploads.stop(signal.SIGKILL)
        system.start_uploads()
        return
    for pid in until(lambda: system.programs().get("shorts"), "processes to kill"):
        os.kill(pid, signal.SIGKILL)


def test_breaks_and_resumes(system, video):
    customer = system.api.register()
    printed = node("node", "tus_breaks.mjs", env=told(system, customer, video, breaks=[MIB, 3 * MIB]))
    told_back = json.loads(printed.splitlines()[-1])
    first, second = told_back["resumed_at"]
    assert 0 < first < second < 5 * MIB
    finished(system, customer, video, told_back["url"])


@pytest.mark.parametrize("override", [False, True])
def test_programs_that_are_killed_between_chunks(system, video, override):
    customer = system.api.register()
    process = subprocess.Popen(["node", "tus_steps.mjs"], cwd=node_place(), text=True, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, **told(system, customer, video, override=override)})
    asked = 0
    line = process.stdout.readline()
    while line == "next\n":
        asked += 1
        if asked in (2, 5, 7):
            kill(system)
        process.stdin.write("go\n")
        process.stdin.flush()
        line = process.stdout.readline()
    _, faults = process.communicate(timeout=30)
    assert process.returncode == 0, faults
    assert asked >= 10
    finished(system, customer, video, json.loads(line)["url"])
