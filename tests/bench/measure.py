"""What the benchmarks share: processor time and memory of processes, and figures printed beside their goals."""

import contextlib
import os
from pathlib import Path

from servers import processes

TICKS = os.sysconf("SC_CLK_TCK")


def pids(system, name):
    """The processes of a program that lighttpd has spawned."""
    wanted = str(system.place / "libexec")
    found = []
    for pid, _, executable in processes():
        try:
            if executable == f"{name}.fcgi" and os.readlink(f"/proc/{pid}/exe").startswith(wanted):
                found.append(pid)
        except OSError:
            pass
    return found


def cpu_seconds(found):
    """Processor time that these processes have used, user and system; what has ended meanwhile is left out."""
    total = 0
    for pid in found:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


@contextlib.contextmanager
def no_autogroups():
    """As doc/operations.md has it: PostgreSQL's backends do not stand behind everybody else.  Puts the setting back."""
    setting = Path("/proc/sys/kernel/sched_autogroup_enabled")
    before = setting.read_text().strip() if setting.exists() else "0"
    mine = before != "0" and os.access(setting, os.W_OK)
    if mine:
        setting.write_text("0")
    elif before != "0":
        print("# kernel.sched_autogroup_enabled is 1, see doc/operations.md", flush=True)
    try:
        yield
    finally:
        if mine:
            setting.write_text(before)


def resident_mb(pid):
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def percentile(values, percent):
    return sorted(values)[min(len(values) * percent // 100, len(values) - 1)] if values else 0.0


def in_turn(rounds, **runs):
    """Run each once to warm up, then all in turn, so many times; {name: results}."""
    for run in runs.values():
        run()
    results = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            results[name].append(run())
    return results


class Table:
    """Rows of figures beside their goals; .held says whether all were reached."""

    def __init__(self):
        self.held = True

    def goal(self, what, figure, goal, holds):
        self.held = self.held and holds
        self._print(what, figure, goal, "ok" if holds else "MISSED")

    def note(self, what, figure):
        """A figure that has no goal."""
        self._print(what, figure, "", "")

    def _print(self, what, figure, goal, verdict):
        print(f"{what:<58} {figure:>26}  {goal:<22} {verdict}".rstrip(), flush=True)
