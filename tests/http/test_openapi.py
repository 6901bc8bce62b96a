"""doc/openapi.yaml says what the programs do, all of it and nothing else."""

import re
import subprocess

import pytest

from described import ANYWHERE, Description
from moa import PROGRAMS, TREE, binary
from nodes import node

# The web server answers it, from a file.
STATIC = {("GET", "/api/v1/openapi.yaml")}


@pytest.fixture(scope="module")
def description():
    return Description()


@pytest.fixture(scope="module")
def routes():
    """{(method, path): flags} of all programs, as they print their tables."""
    found = {}
    for program in PROGRAMS:
        printed = subprocess.run([binary(f"{program}.fcgi"), "-r"], text=True, capture_output=True, check=True).stdout
        for line in printed.splitlines():
            method, path, *flags = line.split()
            found[method, nameless(path)] = set(flags)
    return found


def nameless(path):
    """The path with "*" for each parameter: ":id" or "{id}"."""
    return re.sub(r":\w+|\{\w+\}", "*", path)


def test_every_route_is_described_and_nothing_else(description, routes):
    described = {(method, nameless(path)) for method, path, _ in description.operations()}
    assert described - STATIC == set(routes)


def test_security_is_that_of_the_route(description, routes):
    for method, path, operation in description.operations():
        if (method, path) in STATIC:
            continue
        flags = routes[method, nameless(path)]
        security = operation.get("security", description.document["security"])
        needs_token = bool(security) and all("access_token" in way for way in security)
        assert needs_token == ("PUBLIC" not in flags), (method, path)
        assert ("401" in operation["responses"]) or not needs_token, (method, path)
        assert ("administration" in operation["tags"]) == ("ADMIN" in flags), (method, path)
        assert "403" in operation["responses"] or "ADMIN" not in flags, (method, path)


def test_codes_and_statuses_are_those_of_the_program(description):
    """Every (status, code) in the description is a row of the one table of failures."""
    rows = set(re.findall(r'\{ (\d{3}), "([a-z_]+)"', (TREE / "lib/err.c").read_text()))
    assert rows
    for method, path, operation in description.operations():
        for status, response in operation["responses"].items():
            for code in codes(description, response):
                assert (status, code) in rows, (method, path, status, code)
    assert {(str(status), code) for status, code in ANYWHERE} <= rows


def codes(description, response):
    content = description.resolve(response).get("content", {}).get("application/problem+json", {})
    for part in content.get("schema", {}).get("allOf", []):
        yield from part.get("properties", {}).get("code", {}).get("enum", [])


def test_examples_keep_their_schemas(description):
    schemas = description.document["components"]["schemas"]
    checked = 0
    for name, schema in schemas.items():
        if "example" in schema:
            assert description.faults(schema, schema["example"]) == [], name
            checked += 1
    for response in description.document["components"]["responses"].values():
        for content in response.get("content", {}).values():
            if "example" in content and content["schema"].get("type") != "string":
                assert description.faults(content["schema"], content["example"]) == []
                checked += 1
    assert checked > 20


def test_redocly_finds_nothing(description):
    assert description.document["openapi"] == "3.1.0"
    printed = node("node_modules/.bin/redocly", "lint", "--max-problems=50", "--format=stylish",
                   f"--config={TREE / 'tests/interop/redocly.yaml'}", str(TREE / "doc/openapi.yaml"),
                   env={"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"})
    assert "valid" in printed and "warning" not in printed, printed


def test_the_judge_is_strict(description, api):
    """A reply with a member too many, one too few, or an unknown code does not pass."""
    customer = api.register()
    schema = {"$ref": "#/components/schemas/Customer"}
    me = api.get("/auth/me", token=customer).json()
    assert description.faults(schema, me) == []
    assert description.faults(schema, {**me, "shoe_size": 42})
    assert description.faults(schema, {name: value for name, value in me.items() if name != "role"})
    assert description.faults(schema, {**me, "created_at": "yesterday"})
