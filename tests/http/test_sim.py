"""The simulation of pay (tests/sim/run), shortened: a few hundred steps, and something of each kind killed meanwhile."""

import shutil
import sys

import pytest

from moa import TREE

sys.path.insert(0, str(TREE / "tests/sim"))

import oracle  # noqa: E402  # pylint: disable=wrong-import-position
import play as plays  # noqa: E402  # pylint: disable=wrong-import-position
import steps  # noqa: E402  # pylint: disable=wrong-import-position

SEED, STEPS = 20261123, 170
KILLS = {30: "pay", 60: "worker", 90: "backend", 120: "postgres"}


@pytest.fixture
def play(template, secret):
    play = plays.Play(SEED, 0, template, secret)
    yield play
    play.stop()
    shutil.rmtree(play.world.place, ignore_errors=True)


def test_pay_and_its_model_agree(play):
    """Whatever is asked, lost, repeated and killed.  What fails is told with the step; tests/sim/run --seed goes on from there."""
    play.start()
    try:
        for n in range(1, STEPS + 1):
            play.murder = KILLS.get(n, play.murder)
            steps.draw(play, n)
        play.finish()
    except (oracle.Contradiction, TimeoutError) as e:
        pytest.fail(play.tell(e))
    assert set(play.world.killed) == set(KILLS.values())
    assert play.counts["approve"] > 40 and play.counts["confirm"] > 2 and play.world.lost > 5
