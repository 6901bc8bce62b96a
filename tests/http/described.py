"""doc/openapi.yaml as a judge: does a reply keep what the description promises?"""

import re
from functools import cache, cached_property
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft202012Validator, FormatChecker

from moa import TREE

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# What any call may answer; the description says so once, not at every operation.
ANYWHERE = {(400, "malformed_request"), (400, "malformed_json"), (404, "not_found"), (405, "method_not_allowed"),
            (413, "body_too_large"), (415, "unsupported_media_type"), (422, "validation_failed"), (500, "internal")}
# What the web server may answer by itself.
SERVER = {400, 403, 411, 413, 414, 417, 431, 500, 501, 502, 503, 504}
# Headers that a reply may do without; the description names their conditions.
OPTIONAL = {"Set-Cookie", "RateLimit", "RateLimit-Policy", "Idempotent-Replayed"}


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
        """Yield (method, path, operation) of each."""
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method.lower() in item:
                    yield method, path, item[method.lower()]

    @cached_property
    def patterns(self):
        """(regular expression, path) of all, those without parameters first."""
        paths = sorted(self.document["paths"], key=lambda path: path.count("{"))
        return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path.replace(".", r"\."))), path) for path in paths]

    def path_of(self, url):
        """The described path that the URL is of, or None."""
        asked = urlsplit(url).path
        return next((path for pattern, path in self.patterns if pattern.fullmatch(asked)), None)

    def closed(self, schema, part=False):
        """The schema without references, and with every member forbidden that it does not name."""
        schema = dict(self.resolve(schema))
        for key in ("allOf", "oneOf", "anyOf"):
            if key in schema:
                schema[key] = [self.closed(each, part=key == "allOf") for each in schema[key]]
        if "properties" in schema:
            schema["properties"] = {name: self.closed(each) for name, each in schema["properties"].items()}
        if "items" in schema:
            schema["items"] = self.closed(schema["items"])
        if not part and ("properties" in schema or "allOf" in schema):
            schema["unevaluatedProperties"] = False
        return schema

    def faults(self, schema, value):
        """What is wrong with the value; nothing more than the schema names may be in it."""
        validator = Draft202012Validator(self.closed(schema), format_checker=FormatChecker())
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    @cache
    def body_validator(self, path, method, status, media_type):
        """The validator for this body, or None when the description has no such reply."""
        operation = self.document["paths"][path].get(method.lower(), {"responses": {}})
        response = self.resolve(operation["responses"].get(status, {}))
        content = response.get("content", {}).get(media_type)
        return content and Draft202012Validator(self.closed(content["schema"]), format_checker=FormatChecker())

    @cache
    def named_validator(self, name):
        return Draft202012Validator(self.closed({"$ref": f"#/components/schemas/{name}"}))

    def check(self, reply):
        """Fail if the reply is not one that the description announces for this call."""
        method = reply.request.headers.get("X-HTTP-Method-Override", reply.request.method)
        path = self.path_of(reply.request.url)
        if path is None or method not in METHODS:
            return
        if method == "OPTIONS" and "options" not in self.document["paths"][path]:  # any path answers preflights
            return
        where = f"{method} {path} -> {reply.status_code}"
        if "X-Request-Id" not in reply.headers and reply.status_code in SERVER:
            self.check_server(where, reply)
            return
        code = reply.json().get("code") if is_problem(reply) else None
        if (reply.status_code, code) in ANYWHERE:
            problems = self.named_validator("Problem").iter_errors(reply.json())
            assert not [error.message for error in problems], f"{where} {reply.text}"
            return
        operation = self.document["paths"][path].get(method.lower(), {"responses": {}})
        response = operation["responses"].get(str(reply.status_code))
        assert response, f"{where} {code} is not described"
        self.check_headers(where, reply, self.resolve(response).get("headers", {}))
        self.check_body(where, reply, path, "content" in self.resolve(response))

    def check_server(self, where, reply):
        """What the web server answers by itself; HTML is left to its parser of requests."""
        if is_problem(reply):
            problems = self.named_validator("ServerProblem").iter_errors(reply.json())
            assert not [error.message for error in problems], f"{where} {reply.text}"

    def check_headers(self, where, reply, headers):
        for name, header in headers.items():
            value = reply.headers.get(name)
            if value is None:
                assert name in OPTIONAL or is_stream(reply), f"{where} lacks {name}"
                continue
            schema = self.resolve(self.resolve(header)["schema"])
            wrong = self.faults(schema, int(value) if schema.get("type") == "integer" else value)
            assert not wrong, f"{where} {name}: {wrong}"

    def check_body(self, where, reply, path, has_body):
        if not has_body:
            assert not reply.content, f"{where}: a body is not described"
            return
        media_type = reply.headers["Content-Type"].partition(";")[0]
        validator = self.body_validator(path, reply.request.method, str(reply.status_code), media_type)
        assert validator, f"{where}: {media_type} is not described"
        if media_type.endswith("json"):
            wrong = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(reply.json())]
            assert not wrong, f"{where}: {wrong}"


def is_problem(reply):
    return reply.headers.get("Content-Type", "").startswith("application/problem+json")


def is_stream(reply):
    """How long a stream takes is known at its end."""
    return reply.headers.get("Content-Type", "").startswith("text/event-stream")
