"""How many statements each route of a program runs, as its log says; for the tests that let none grow."""

import re
import subprocess
from collections import defaultdict

from client import Api
from moa import binary
from servers import until


def table(program):
    """(method, path) of the program's routes, the plainer ones first."""
    printed = subprocess.run([binary(f"{program}.fcgi"), "-r"], text=True, capture_output=True, check=True).stdout
    return sorted((tuple(line.split()[:2]) for line in printed.splitlines()), key=lambda route: (route[1].count(":"), route))


def short_of(path, program):
    return path.removeprefix(f"/api/v1/{program}")


def expected(program, other):
    """{route: {1}} of all routes; other has those that run another number, or several."""
    routes = {f"{method} {short_of(path, program)}" for method, path in table(program)}
    return {route: other.get(route, {1}) for route in routes if not route.endswith(("healthz", "readyz", "metrics"))}


def count(system, program, path):
    """An Api whose calls are counted: its statements() says how many each route has run since the last time, as
    {"GET /summary": {1}}.  The path is of a call that runs one."""
    api = Api(system)
    replies = []
    customer = api.register()
    routes = [(method, re.compile(re.sub(r":\w+", "[^/]+", each.replace(".", r"\."))), short_of(each, program))
              for method, each in table(program)]

    def route(request):
        asked = request.path_url.partition("?")[0]
        return next((f"{method} {name}" for method, pattern, name in routes
                     if method == request.method and pattern.fullmatch(asked)), None)

    def statements():
        found = defaultdict(set)
        for reply in replies:
            if name := route(reply.request):
                found[name].add(system.logged(reply)["statements"])
        replies.clear()
        return dict(found)

    def keys_are_read():
        """A process reads the public keys before its first token, which is not the call's own doing."""
        return {system.logged(api.get(path, token=customer))["statements"] for _ in range(20)} == {1}

    until(keys_are_read, "the keys to be read")
    api.session.hooks["response"] = [lambda reply, *args, **more: replies.append(reply)]
    api.statements = statements
    return api
