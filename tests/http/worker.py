"""moa-worker, for the tests."""

import os
import subprocess

from moa import binary, sanitizers


def environment(dsn, **more):
    return {"PATH": os.environ["PATH"], "MOA_PG": dsn, **sanitizers(), **more}


def own_dsn(database):
    """The connection string of a database or system, without a user: the worker takes its own role."""
    return database.ctl.env["MOA_PG"].replace("user=postgres", "")


def run(database, *args, **env):
    """Run the worker to its end."""
    return subprocess.run([binary("moa-worker"), *args], env=environment(own_dsn(database), **env),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180, check=False)


def start(database, *args, **env):
    """Start the worker; its log comes from communicate()."""
    return subprocess.Popen([binary("moa-worker"), *args], env=environment(own_dsn(database), **env),
                            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
