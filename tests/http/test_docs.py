"""What the guides say of variables and commands is what the programs say of themselves."""

import re
import subprocess

import pytest

from moa import PROGRAMS, TREE, binary

VARIABLE = re.compile(r"\bMOA_[A-Z_]+\b")


def help_of(*command):
    return subprocess.run([binary(command[0]), *command[1:]], text=True, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def operations():
    return (TREE / "doc/operations.md").read_text()


def test_every_variable_is_in_the_table_and_no_other(operations):
    told = set()
    for program in (*(f"{name}.fcgi" for name in PROGRAMS), "moa-worker", "moa-ctl"):
        text = help_of(program, "--help")
        told |= set(re.findall(r"^  (MOA_[A-Z_]+)", text, re.M))
    table = set(re.findall(r"^\| `(MOA_[A-Z_]+)` \|", operations, re.M))
    assert table == told


def test_defaults_are_those_of_the_program(operations):
    text = help_of("auth.fcgi", "--help")
    defaults = dict(re.findall(r"^  (MOA_[A-Z_]+) .*\(default (\S+)\)$", text, re.M))
    table = dict(re.findall(r"^\| `(MOA_[A-Z_]+)` \| `?([^`|]+?)`? \|", operations, re.M))
    assert len(defaults) >= 7
    assert {name: table[name] for name in defaults} == defaults


@pytest.mark.parametrize("page", ["README.md", "HACKING.md", "doc/operations.md", "doc/decisions.md"])
def test_what_a_page_names_exists(page):
    """Every path of the tree and every moa-ctl command that the page names is there."""
    text = (TREE / page).read_text()
    paths = re.findall(r"`((?:lib|cgi-bin|sql|ctl|worker|httpd-conf|tests|ci|doc|\./ci)/[\w./@-]+\w)`", text)
    made_up = {"cgi-bin/auth/ping.c", "tests/http/test_auth_ping.py", "sql/NNNN_name.sql"}
    assert [path for path in paths if not (TREE / path).exists() and path not in made_up] == []
    commands = help_of("moa-ctl", "--help")
    for command in re.findall(r"moa-ctl ((?:migrate|doctor|(?:keys|admin|customer|role|clock) \w+))", text):
        assert re.search(rf"^  {command}\b", commands, re.M), command


def test_metrics_that_the_guide_watches_exist(operations, api):
    shown = "".join(api.get(f"/{prefix}/metrics").text for prefix in ("auth", "pay", "chat", "shorts"))
    names = set(re.findall(r"^# TYPE (\S+) ", shown, re.M))
    watched = set(re.findall(r"`(moa_[a-z_]+)", operations)) - {"moa_auth", "moa_pay", "moa_chatbot", "moa_worker", "moa_"}
    assert watched and watched - names == set()
