"""Third-party programs from npm (tests/interop), installed once in MOA_NODE, or else in the build directory."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from moa import BUILD, TREE

SOURCE = TREE / "tests/interop"
PLACE = Path(os.environ.get("MOA_NODE", BUILD / "interop"))


def node_place():
    """The directory with a copy of tests/interop and its node_modules; installs them if need be."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with open(PLACE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = PLACE / "installed-lock.json"
        wanted = (SOURCE / "package-lock.json").read_bytes()
        if not installed.is_file() or installed.read_bytes() != wanted:
            for name in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(SOURCE / name, PLACE)
            node("npm", "ci", "--ignore-scripts", timeout=600, cwd=PLACE)
            installed.write_bytes(wanted)
        for source in SOURCE.glob("*.mjs"):
            # Another process may be reading the copy: replace it only if it is an old one.
            copy = PLACE / source.name
            if not copy.is_file() or copy.read_bytes() != source.read_bytes():
                shutil.copy(source, copy)
    return PLACE


def node(*command, timeout=120, env=None, cwd=None):
    """Run a command in node_place() (or cwd); returns what it printed, and fails with that if the command does."""
    done = subprocess.run(command, cwd=cwd or node_place(), env={**os.environ, **(env or {})}, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout
