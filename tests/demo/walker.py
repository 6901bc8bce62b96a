"""What the walks through the demo have in common."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]


def demo(*args):
    """What ci/demo prints."""
    done = subprocess.run([TREE / "ci/demo", *args], text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"ci/demo {' '.join(args)}: {done.stdout}{done.stderr}")
    return done.stdout


def status():
    """Of the demo, which must run."""
    told = json.loads(demo("status", "--json"))
    if not told["programs"]:
        sys.exit("the demo does not run: ./ci/demo starts it")
    return told


def say(text):
    print(f"{datetime.now():%H:%M:%S}  {text}", flush=True)
