"""Callers with addresses of their own, so that limits per address do not reach from one test into another."""

import base64
import json
import secrets

import pytest
from requests.adapters import HTTPAdapter

from client import Api, assert_problem as problem  # noqa: F401


class From(HTTPAdapter):
    """Connect from a given loopback address: all of 127.0.0.0/8 is this machine."""

    def __init__(self, address):
        self.address = address
        super().__init__(pool_maxsize=64)

    def init_poolmanager(self, *args, **more):
        super().init_poolmanager(*args, source_address=(self.address, 0), **more)


def new_caller(system):
    """An Api that calls from an address nobody else has."""
    api = Api(system)
    api.address = f"127.{secrets.randbelow(254) + 1}.{secrets.randbelow(256)}.{secrets.randbelow(254) + 1}"
    api.session.mount("http://", From(api.address))
    return api


@pytest.fixture
def caller(system):
    return new_caller(system)


def claims(access_token):
    """The header and the claims of a token, unchecked."""
    return [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            for part in access_token.split(".")[:2]]


def limits(reply, name):
    """The members of the RateLimit or RateLimit-Policy field, by the limits' names."""
    members = (member.split(";", 1) for member in reply.headers[name].split(", "))
    return {quoted.strip('"'): parameters for quoted, parameters in members}
