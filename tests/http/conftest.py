"""Fixtures: one whole system per test process, and private ones for tests that break things."""

import itertools
import shutil
import sys
from contextlib import closing
from copy import copy
from types import SimpleNamespace

import pytest

from client import Api
from moa import TREE, Apache, Ctl, Lighttpd, new_place, new_secret
from servers import Postgres, Redis

sys.path.insert(0, str(TREE / "tests/fakes"))
from gateway import Gateway  # noqa: E402  # pylint: disable=wrong-import-position
from model import Model  # noqa: E402  # pylint: disable=wrong-import-position

LOG_LINES = 40


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A test that fails shows the end of its programs' log."""
    report = (yield).get_result()
    if report.failed:
        systems = [getattr(value, "system", value) for value in item.funcargs.values()]
        for path in sorted({system.programs_log for system in systems if hasattr(system, "programs_log")}):
            if path.exists():
                lines = path.read_text(errors="replace").splitlines()[-LOG_LINES:]
                report.sections.append((f"end of {path}", "\n".join(lines)))


@pytest.fixture(scope="session")
def place():
    """The directory where everything of this test process lives."""
    path = new_place()
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def secret(place):
    return new_secret(place)


@pytest.fixture(scope="session")
def template(place, secret):
    """A stopped PostgreSQL with schema, signing key and catalog, to copy from."""
    postgres = Postgres(place / "template").start()
    server = SimpleNamespace(socket=place / "none")
    try:
        postgres.connect(dbname="postgres").cursor().execute("CREATE DATABASE moa")
        ctl = Ctl(postgres, server, secret)
        ctl("migrate")
        ctl("keys", "rotate")
        connection = postgres.connect()
        connection.cursor().execute((TREE / "sql/demo/catalog.sql").read_text())
        connection.close()
    finally:
        postgres.stop()
    return postgres


@pytest.fixture(scope="session")
def postgres(place, template):
    server = Postgres(place / "pg", template).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server(place):
    server = Redis(place / "redis").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def ctl(postgres, redis_server, secret):
    """moa-ctl: ctl("customer", "show", email)."""
    return Ctl(postgres, redis_server, secret)


@pytest.fixture(scope="session")
def make_database(postgres, ctl):
    """make_database(migrated=True, locale="C.UTF-8"): a database of the test's own in the shared PostgreSQL.

    What it returns has .name, .connect(user), .query(sql, *args) and .ctl, moa-ctl on that database.
    """
    numbers = itertools.count(1)

    def make(migrated=True, locale="C.UTF-8"):
        name = f"moa_{next(numbers)}"
        with closing(postgres.connect(dbname="postgres")) as connection:
            connection.cursor().execute(f"CREATE DATABASE {name} TEMPLATE template0 LOCALE '{locale}'")
        mine = copy(ctl)
        mine.env = {**ctl.env, "MOA_PG": postgres.dsn(dbname=name)}
        if migrated:
            mine("migrate")

        def query(sql, *args):
            with closing(postgres.connect(dbname=name)) as connection, connection.cursor() as cursor:
                cursor.execute(sql, args or None)
                return cursor.fetchall() if cursor.description else []

        return SimpleNamespace(name=name, ctl=mine, query=query,
                               connect=lambda user="postgres": postgres.connect(user, name))

    return make


@pytest.fixture(scope="session")
def gateway_server():
    """The payment gateway that the shared systems know (tests/fakes/gateway.py)."""
    fake = Gateway().start()
    yield fake
    fake.stop()


@pytest.fixture
def gateway(gateway_server):
    """That gateway, without what a test before has told it: how to fail, and what it was asked."""
    gateway_server.calls.clear()
    gateway_server.arrived.clear()
    yield gateway_server
    for orders in (gateway_server.faults, gateway_server.refusals, gateway_server.late):
        orders.clear()


@pytest.fixture(scope="session")
def system(place, postgres, redis_server, secret, gateway_server):
    """The programs behind lighttpd; shared, so leave it as you found it."""
    httpd = Lighttpd(place / "lighttpd", postgres, redis_server, secret)
    httpd.pay_env = gateway_server.env
    yield httpd.start()
    httpd.stop()


@pytest.fixture(scope="session")
def api(system):
    return Api(system)


@pytest.fixture(scope="session")
def apache(place, postgres, redis_server, secret):
    """The same API through Apache: like api, with the server as apache.system."""
    httpd = Apache(place / "apache", postgres, redis_server, secret)
    yield Api(httpd.start())
    httpd.stop()


@pytest.fixture(scope="module")
def make_shared_system(template, secret):
    """make_shared_system(env={…}, kind=Lighttpd, start=True): a system of the module's own, with its own PostgreSQL and Redis."""
    yield from makers(template, secret)


@pytest.fixture
def make_system(template, secret):
    """make_system(…): likewise, but of the test's own."""
    yield from makers(template, secret)


def makers(template, secret):
    """Yield one function that makes systems, and end them afterwards."""
    made = []

    def make(env=None, kind=Lighttpd, start=True):
        path = new_place()
        postgres = Postgres(path / "pg", template)
        httpd = kind(path / "httpd", postgres, Redis(path / "redis"), secret, env)
        httpd.api = Api(httpd)
        made.append((path, httpd))
        if start:
            httpd.postgres.start()
            httpd.redis.start()
            httpd.start()
        return httpd

    yield make
    for path, httpd in made:
        for part in (httpd, httpd.redis, httpd.postgres):
            part.stop()
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def own_system(make_system):
    """A private system, with .api, .postgres, .redis and .ctl: stop, freeze and kill what you like."""
    return make_system()


@pytest.fixture
def model():
    """A language model of the test's own (tests/fakes/model.py): tell it how to answer, and look at what it was asked."""
    fake = Model().start()
    yield fake
    fake.stop()
