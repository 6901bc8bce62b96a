"""Somebody who watches, for whom time passes when a test says so."""

import itertools

PLAYING, PAUSED = {"playing": True}, {"playing": False}
# No flood: so many beats in a row are below the limit.
DAY_OF_BEATS = 130


class Viewer:
    """viewer.beat(short, 3.5): 3.5 seconds after the last beat, a player says that it plays the short."""

    def __init__(self, api, redis, customer):
        self.api = api
        self.redis = redis
        self.customer = customer
        self.key = f"watch:{customer.id}"

    def pass_time(self, seconds):
        """Let the last beat be so long ago."""
        if at := self.redis.hget(self.key, "at"):
            self.redis.hset(self.key, "at", int(at) - round(1000 * seconds))

    def send(self, short, after=0.0, body=PLAYING):
        """A beat; returns the reply."""
        self.pass_time(after)
        return self.api.post(f"/shorts/{short}/watch", token=self.customer, json=body)

    def beat(self, short, after=0.0, playing=True):
        """A beat that is answered; returns what it says."""
        reply = self.send(short, after, PLAYING if playing else PAUSED)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def watch(self, short, seconds):
        """Watch for so long, with a beat every 5 seconds; returns the last one's reply."""
        told = self.beat(short)
        for _ in range(int(seconds // 5)):
            told = self.beat(short, 5)
        return self.beat(short, seconds % 5) if seconds % 5 else told

    def earn(self, short, points):
        """Watch until so many points were earned, or no more are to be had; returns the last reply."""
        for n in itertools.count():
            told = self.beat(short, 5 if n else 0)
            if told["points_today"] >= points or n == DAY_OF_BEATS:
                return told
