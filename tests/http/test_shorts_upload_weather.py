"""Uploads in bad weather: clocks that jump, what runs out, a disk that is full, programs and servers that stop."""

import os
import signal
import subprocess

import pytest

import worker
from client import assert_problem
from servers import until
from tus import MIB, STREAM, TUS, Upload, some_bytes, start_form


@pytest.fixture(scope="module")
def weather(make_shared_system):
    """A system whose clock can be moved."""
    made = make_shared_system()
    made.ctl("clock", "on")
    return made


@pytest.fixture
def customer(weather):
    return weather.api.register()


def advance(system, interval):
    """Let the clock jump; it may be backwards."""
    system.postgres.query("UPDATE moa.clock SET shift = shift + %s::interval", interval)


def files(system):
    return {path.name for path in system.shorts_dir.glob("uploads/*")}


def sweep(system):
    # What has been handed in waits for tools.
    done = worker.run(system, "--once", MOA_SHORTS_DIR=str(system.shorts_dir), MOA_FFPROBE="/nonexistent")
    assert done.returncode == 0, done.stderr


def relogin(api, customer):
    """A token for after the jump; they end in 15 minutes."""
    customer.access_token = api.login(customer.email, customer.password)["access_token"]


def test_what_nobody_goes_on_with_runs_out(weather, customer):
    api = weather.api
    left, continued, handed_in, finished = (Upload(api, customer, some_bytes(1000)).create(first=500) for _ in range(4))
    handed_in.patch(500)
    finished.patch(500)
    made = api.post("/shorts", token=customer, json={"upload_id": handed_in.id, "title": "x"}).json()
    gone, kept = {left.row()[1], finished.row()[1]}, {continued.row()[1], handed_in.row()[1]}
    advance(weather, "23 hours")
    relogin(api, customer)
    assert continued.patch(500, 1).status_code == 204
    advance(weather, "2 hours")
    relogin(api, customer)
    for upload in (left, finished):
        assert upload.head().status_code == 410
    assert_problem(left.patch(500), 410, "upload_expired")
    assert_problem(api.post("/shorts", token=customer, json={"upload_id": finished.id, "title": "x"}), 410, "upload_expired")
    assert gone | kept <= files(weather)
    # They no longer count: five more can be begun beside the one that is open.
    assert [Upload(api, customer, b"x").create().created.status_code for _ in range(5)] == [201] * 4 + [429]
    sweep(weather)
    assert left.head().status_code == 404
    assert not gone & files(weather) and kept <= files(weather)
    assert api.post("/shorts", token=customer, json={"upload_id": handed_in.id, "title": "x"}).json() == made
    continued.finish()


def start_with_creation(api, customer):
    return Upload(api, customer, bytes(4 * MIB)).start_creation()


@pytest.mark.parametrize("start", [start_with_creation, lambda api, customer: start_form(api, customer, 4 * MIB)],
                         ids=["creation", "form"])
def test_what_nobody_can_go_on_with_goes_within_minutes(weather, customer, start):
    """The program was killed before it could say what the upload is called."""
    relogin(weather.api, customer)
    query = weather.postgres.query

    def mine():
        return query("SELECT id, file FROM shorts.upload WHERE customer_id = %s", customer.id)

    def kill():
        with start(weather.api, customer) as connection:
            connection.sendall(bytes(MIB))
            until(lambda: mine() and mine()[-1][1] in files(weather), "the upload to be begun")
            for pid in weather.programs()["shorts"]:
                os.kill(pid, signal.SIGKILL)
        weather.wait_ready(["shorts"])

    def a_minute_later():
        query("UPDATE shorts.upload SET leased_until = clock_timestamp(), created_at = created_at - interval '1 minute'"
              " WHERE customer_id = %s", customer.id)

    kill()
    [(_, file)] = mine()
    sweep(weather)
    assert file in files(weather)
    a_minute_later()
    sweep(weather)
    assert mine() == [] and file not in files(weather)
    # Where no worker runs they make way.
    for _ in range(5):
        kill()
    refused = Upload(weather.api, customer, b"x").create().created
    assert_problem(refused, 429, "too_many_uploads")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    a_minute_later()
    assert Upload(weather.api, customer, b"x").create().created.status_code == 201


@pytest.mark.parametrize("there, back", [("3 days", "-3 days"), ("-3 days", "3 days")])
def test_a_clock_that_jumps_while_bytes_come(weather, customer, there, back):
    """Who may write is decided by no clock; what comes late is still counted, and puts the end off."""
    upload = Upload(weather.api, customer, some_bytes(5 * MIB)).create()
    with upload.start(0) as connection:
        connection.sendall(upload.data[:MIB])
        until(lambda: upload.row()[0] == MIB, "a mebibyte to be counted")
        advance(weather, there)
        connection.sendall(upload.data[MIB:3 * MIB])
        until(lambda: upload.row()[0] == 3 * MIB, "two more")
        sweep(weather)
        advance(weather, back)
        fence = upload.row()[2]
    assert upload.settled() == 3 * MIB and upload.row()[2] == fence
    relogin(weather.api, customer)
    upload.finish()


def test_a_program_that_is_asked_to_end(weather, customer):
    """It gives its leases back, and the next one goes on in the same file."""
    upload = Upload(weather.api, customer, some_bytes(6 * MIB)).create()
    relogin(weather.api, customer)
    with upload.start(0) as connection:
        connection.sendall(upload.data[:MIB])
        until(lambda: upload.row()[0] == MIB, "a mebibyte to be counted")
        file = upload.row()[1]
        for pid in weather.programs()["shorts"]:
            os.kill(pid, signal.SIGTERM)
        connection.sendall(upload.data[MIB:4 * MIB])
        assert b"HTTP/1.1 503" in connection.recv(65536)
    weather.wait_ready(["shorts"])
    assert upload.settled() >= 2 * MIB and upload.row()[1] == file
    upload.finish()


def test_without_postgresql_it_waits_and_without_redis_it_does_not(weather, customer):
    relogin(weather.api, customer)
    upload = Upload(weather.api, customer, some_bytes(3 * MIB)).create(first=MIB)
    weather.redis.stop()
    assert Upload(weather.api, customer, b"x").create().created.status_code == 201
    weather.postgres.query("UPDATE shorts.upload SET leased_until = clock_timestamp() WHERE id = %s", upload.id)
    assert upload.patch(MIB, 1000).status_code == 204
    weather.redis.start()
    with upload.start(MIB + 1000) as connection:
        connection.sendall(upload.data[MIB + 1000:MIB + 2000])
        until(lambda: upload.row()[3], "the lease to be taken")
        weather.postgres.stop()
        connection.sendall(upload.data[MIB + 2000:])
        assert b"HTTP/1.1 503" in connection.recv(65536)
    weather.postgres.start()
    weather.wait_ready()
    assert upload.offset() == MIB + 1000
    upload.finish()


@pytest.fixture
def small_disk(make_system):
    """A system whose storage has 8 MiB, and its api."""
    system = make_system(start=False)
    system.shorts_env["MOA_SHORTS_RESERVE_MIB"] = "1"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=777", "tmpfs", system.shorts_dir], check=False,
                             capture_output=True)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        system.postgres.start()
        system.redis.start()
        yield system.start()
    finally:
        system.stop()
        subprocess.run(["umount", "-l", system.shorts_dir], check=True)


def test_a_disk_that_is_full(small_disk):
    api = small_disk.api
    customer = api.register()
    first = Upload(api, customer, some_bytes(4 * MIB)).create(first=MIB)
    # 8 MiB less the reserve, and what has been promised: there is no room for four more.
    refused = Upload(api, customer, bytes(4 * MIB)).create().created
    assert_problem(refused, 507, "storage_full")
    assert int(refused.headers["Retry-After"]) > 0
    second = Upload(api, customer, some_bytes(2 * MIB)).create()
    assert second.created.status_code == 201
    # Somebody else has filled the disk meanwhile.
    filler = small_disk.shorts_dir / "filler"
    with open(filler, "wb", buffering=0) as file:
        with pytest.raises(OSError):
            while True:
                file.write(bytes(4096))
        file.truncate(filler.stat().st_size - MIB - 8192)
    assert_problem(first.patch(MIB), 507, "storage_full")
    # What fitted is there and counted, and nothing is counted that is not there.
    received, name, _, leased = first.row()
    assert 2 * MIB <= received <= (small_disk.shorts_dir / "uploads" / name).stat().st_size and not leased
    assert first.bytes() == first.data[:received]
    filler.unlink()
    first.finish()
    second.finish()


@pytest.mark.parametrize("leased", [False, True])
@pytest.mark.parametrize("left", [1000, 0, None])
def test_bytes_that_a_crashed_machine_has_lost(weather, customer, left, leased):
    """The file is shorter than what was counted, or gone: the client hears from where to send again."""
    relogin(weather.api, customer)
    upload = Upload(weather.api, customer, some_bytes(2 * MIB)).create(first=MIB)
    file = weather.shorts_dir / "uploads" / upload.row()[1]
    if left is None:
        file.unlink()
    else:
        os.truncate(file, left)
    if leased:
        weather.postgres.query("UPDATE shorts.upload SET leased_until = moa.now() WHERE id = %s", upload.id)
    assert_problem(upload.patch(MIB), 409, "wrong_offset")
    assert upload.offset() == (left or 0)
    upload.finish()


def test_no_file_of_a_name_that_a_client_chose(weather, customer):
    """Metadata is shown back and used for nothing."""
    relogin(weather.api, customer)
    before = files(weather)
    reply = weather.api.post("/shorts/uploads", token=customer, data=b"x", headers={
        **STREAM, "Upload-Length": "1", "Upload-Metadata": "filename Li4vLi4vZXRjL3Bhc3N3ZA=="})  # ../../etc/passwd
    assert reply.status_code == 201
    [name] = files(weather) - before
    assert len(name) == 24 and "." not in name
    assert weather.api.get(reply.headers["Location"], token=customer, headers=TUS).json()["filename"] == "../../etc/passwd"
