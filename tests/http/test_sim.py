"""The simulation of pay (tests/sim/run), shortened: a few hundred steps, and something of each kind killed meanwhile."""

import shutil
import sys

import pytest

from moa import TREE

sys.path.insert(0, str(TREE / "tests/sim"))

import state  # noqa: E402  # pylint: disable=wrong-import-position
import play as plays  # noqa: E402  # pylint: disable=wrong-import-position
import steps  # noqa: E402  # pylint: disable=wrong-import-position

SEED, STEPS = 20261123, 140
KILLS = {25: "pay", 50: "worker", 75: "backend", 100: "postgres"}
# What the simulation has to find: purchases beyond the limit.
BROKEN = """
DO $$
BEGIN
	EXECUTE replace(pg_get_functiondef('pay.refusal(pay.sale, bigint)'::regprocedure),
		'> s.limit_won', '> s.limit_won * 9');
END
$$"""


@pytest.fixture
def play(template, secret):
    play = plays.Play(SEED, 0, template, secret)
    yield play
    play.stop()
    shutil.rmtree(play.world.place, ignore_errors=True)


def test_pay_and_its_model_agree(play):
    """Whatever is asked, lost, repeated and killed, and not when pay is broken on purpose.  What fails is told with its step, which
    tests/sim/run --seed SEED plays again."""
    play.start()
    try:
        for n in range(1, STEPS + 1):
            play.murder = KILLS.get(n, play.murder)
            steps.draw(play, n)
        play.finish()
    except (state.Contradiction, TimeoutError) as e:
        pytest.fail(play.tell(e))
    assert set(play.world.killed) >= set(KILLS.values())
    assert play.counts["approve"] > 40 and play.counts["confirm"] > 2 and play.world.lost > 5

    play.world.query(BROKEN)
    with pytest.raises(state.Contradiction, match="insufficient_limit"):
        for n in range(STEPS + 1, 2 * STEPS):
            steps.draw(play, n)
