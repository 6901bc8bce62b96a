"""Shorts for tests that need no real video: ready, made by SQL as the worker leaves them, with files that are not there."""

import secrets

SHORT = """
INSERT INTO shorts.short (customer_id, upload_id, title, description, tags, status, progress, media, width, height, duration_s,
	created_at)
VALUES (%s, gen_random_uuid(), %s, %s, shorts.tags_of(%s), 'ready', 100, %s, 720, 1280, 12.5, moa.now() - %s::interval)
RETURNING id
"""


def make_short(system, owner, title="고양이 산책", description="", age="0"):
    """A short of the customer owner's that everybody may see, so old; returns its id."""
    [(short,)] = system.postgres.query(SHORT, owner.id, title, description, description, secrets.token_hex(16), age)
    return short
