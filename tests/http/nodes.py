"""Third-party programs from npm (tests/interop), installed once for each build directory."""

import fcntl
import os
import shutil
import subprocess

from moa import BUILD, TREE

SOURCE = TREE / "tests/interop"


def node_place():
    """The directory with a copy of tests/interop and its node_modules; installs them if need be."""
    place = BUILD / "interop"
    place.mkdir(parents=True, exist_ok=True)
    with open(place / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = place / "installed-lock.json"
        wanted = (SOURCE / "package-lock.json").read_bytes()
        if not installed.is_file() or installed.read_bytes() != wanted:
            for name in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(SOURCE / name, place)
            node("npm", "ci", "--ignore-scripts", timeout=600, cwd=place)
            installed.write_bytes(wanted)
        for source in SOURCE.glob("*.mjs"):
            shutil.copy(source, place)
    return place


def node(*command, timeout=120, env=None, cwd=None):
    """Run a command in node_place() (or cwd); returns what it printed, and fails with that if the command does."""
    done = subprocess.run(command, cwd=cwd or node_place(), env={**os.environ, **(env or {})}, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout
