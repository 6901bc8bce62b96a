"""doc/openapi.yaml as a judge: does a reply keep what the description promises?"""

import re
from functools import cached_property
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft202012Validator, FormatChecker

from moa import TREE

METHODS = ("get", "post", "put", "patch", "delete")
# What any call may answer; the description says so once, not at every operation.
ANYWHERE = {(400, "malformed_request"), (404, "not_found"), (405, "method_not_allowed"), (413, "body_too_large"),
            (415, "unsupported_media_type"), (500, "internal")}


class Description:
    def __init__(self, path=TREE / "doc/openapi.yaml"):
        self.document = yaml.safe_load(path.read_text())

    def resolve(self, node):
        """The node itself, or what its $ref points to."""
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def operations(self):
        """(method, path, operation) of each, the method in capitals."""
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), path, item[method]

    @cached_property
    def patterns(self):
        """Paths as regular expressions, those without parameters first."""
        paths = sorted(self.document["paths"], key=lambda path: path.count("{"))
        return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path.replace(".", r"\."))), path) for path in paths]

    def path_of(self, url):
        found = [path for pattern, path in self.patterns if pattern.fullmatch(urlsplit(url).path)]
        return found[0] if found else None

    def closed(self, schema, inner=False):
        """The schema without references, and with every member forbidden that it does not name."""
        schema = {key: value for key, value in self.resolve(schema).items()}
        for key in ("allOf", "oneOf", "anyOf"):
            if key in schema:
                schema[key] = [self.closed(part, inner=True) for part in schema[key]]
        if "properties" in schema:
            schema["properties"] = {name: self.closed(part) for name, part in schema["properties"].items()}
        if "items" in schema:
            schema["items"] = self.closed(schema["items"])
        if not inner and ("properties" in schema or "allOf" in schema):
            schema["unevaluatedProperties"] = False
        return schema

    def faults(self, schema, value):
        validator = Draft202012Validator(self.closed(schema), format_checker=FormatChecker())
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def check(self, reply):
        """Fail if the reply is not one that the description announces for this call."""
        request = reply.request
        path = self.path_of(request.url)
        if path is None or request.method in ("HEAD", "OPTIONS"):
            return
        where = f"{request.method} {path} -> {reply.status_code}"
        operation = self.document["paths"][path].get(request.method.lower())
        code = reply.json().get("code") if is_problem(reply) else None
        described = operation["responses"].get(str(reply.status_code)) if operation else None
        if described is None:
            assert (reply.status_code, code) in ANYWHERE, f"{where} {code} is not described"
            self.check_problem(where, reply)
            return
        if code and reply.json()["request_id"] is None:
            self.check_problem(where, reply)
            return
        described = self.resolve(described)
        self.check_headers(where, reply, described)
        self.check_body(where, reply, described, code)

    def check_problem(self, where, reply):
        name = "Problem" if reply.json()["request_id"] else "ServerProblem"
        faults = self.faults({"$ref": f"#/components/schemas/{name}"}, reply.json())
        assert not faults, f"{where}: {faults}"

    def check_headers(self, where, reply, described):
        for name, header in described.get("headers", {}).items():
            schema = self.resolve(self.resolve(header).get("schema", {}))
            value = reply.headers.get(name)
            if value is None:
                assert name in ("Set-Cookie", "RateLimit", "RateLimit-Policy", "Server-Timing"), f"{where}: no {name}"
                continue
            faults = self.faults(schema, int(value) if schema.get("type") == "integer" else value)
            assert not faults, f"{where}: {name}: {faults}"

    def check_body(self, where, reply, described, code):
        content = described.get("content")
        if not content:
            assert not reply.content, f"{where}: a body is not described"
            return
        media_type = reply.headers["Content-Type"].partition(";")[0]
        assert media_type in content, f"{where}: {media_type} is not described"
        if media_type.endswith("json"):
            if (reply.status_code, code) in ANYWHERE:
                self.check_problem(where, reply)
                return
            faults = self.faults(content[media_type]["schema"], reply.json())
            assert not faults, f"{where}: {faults}"


def is_problem(reply):
    return reply.headers.get("Content-Type", "").startswith("application/problem+json")
