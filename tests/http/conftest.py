"""Fixtures: one whole system per test process, and private ones for tests that break things."""

import shutil
from types import SimpleNamespace

import pytest

from client import Api
from moa import TREE, Apache, Ctl, Lighttpd, new_place, new_secret
from servers import Postgres, Redis


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
def system(place, postgres, redis_server, secret):
    """The programs behind lighttpd; shared, so leave it as you found it."""
    httpd = Lighttpd(place / "lighttpd", postgres, redis_server, secret)
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


@pytest.fixture
def make_system(template, secret):
    """make_system(env={…}, start=True): a system of the test's own, with its own PostgreSQL and Redis."""
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
