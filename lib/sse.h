/*
 * Reading server-sent events (WHATWG HTML §9.2.6), in whatever pieces they come.  Tolerant: CR, LF or CR LF, a byte order
 * mark, comments, no space after the colon, data in several lines, no empty line at the very end.
 */
#ifndef SSE_H
#define SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "attr.h"
#include "bytes.h"
#include "err.h"

struct arena;

struct sse {
	struct arena *arena; /* lives as long as the stream */
	size_t event_max;    /* bytes of one event, and of one line */
	/* An event is complete.  ${event} is its type, "message" if it names none; ${data} is terminated.  False: enough. */
	bool (*on_event)(void *ctx, const char *event, const char *data, size_t len);
	void *ctx;

	/* The rest is sse.c's own: zero at first. */
	struct bytes line, data;
	char event[32];
	bool begun;    /* a byte order mark can no longer come */
	bool after_cr; /* a LF now belongs to the CR before */
	bool has_data; /* the event under way has a data field */
};

/**
 * sse_feed(s, bytes, len):
 * Read the next ${len} bytes.  Errors: ERR_BODY_TOO_LARGE (a line or an event above event_max), ERR_CLIENT_GONE (on_event
 * had enough).  After an error ${s} is of no use any more.
 */
enum err sse_feed(struct sse *s, const char *bytes, size_t len) MUST_CHECK;

/** sse_end(s): The stream has ended: what it left without an empty line counts as an event, too.  Errors as above. */
enum err sse_end(struct sse *s) MUST_CHECK;

#endif
