"""What a test that fails tells whoever has to find out why."""

import os
import subprocess
import sys
from pathlib import Path

FAILING = """
from types import SimpleNamespace

import pytest


@pytest.fixture
def system(tmp_path):
    log = tmp_path / "moa.log"
    log.write_text("".join(f"event=request id={n}.\\n" for n in range(100)))
    return SimpleNamespace(programs_log=log)


@pytest.fixture
def api(system):
    return SimpleNamespace(system=system)


def test_that_fails(system, api):
    assert False


def test_that_passes(api):
    pass


def test_without_programs(tmp_path):
    assert False
"""


def test_it_shows_the_end_of_the_programs_log(tmp_path):
    """Once, however many fixtures lead to it; and only where there is one."""
    here = Path(__file__).parent
    (tmp_path / "test_example.py").write_text(FAILING)
    done = subprocess.run([sys.executable, "-m", "pytest", "-c", here / "pytest.ini", "--rootdir", tmp_path,
                           "-p", "conftest", tmp_path / "test_example.py"],
                          cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(here)},
                          text=True, capture_output=True, timeout=60, check=False)
    assert "2 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert [done.stdout.count(f"event=request id={n}.") for n in (59, 60, 99)] == [0, 1, 1]
