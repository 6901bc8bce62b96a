/*
 * Server-sent events (WHATWG HTML §9.2) for STREAM routes: the one way a handler writes bytes itself.
 */
#ifndef STREAM_H
#define STREAM_H

#include "attr.h"
#include "err.h"

struct resp;

/**
 * stream_begin(rs):
 * Status 200 and the headers of text/event-stream; they go out with the first event, beat or wait.  ERR_CLIENT_GONE if nobody
 * listens.
 */
enum err stream_begin(struct resp *rs) MUST_CHECK;

/**
 * stream_event(rs, id, event, data):
 * Send one event and flush it.  ${id} may be NULL; ${data} may hold line ends.  ERR_CLIENT_GONE when the client has left:
 * stop the work for it.
 */
enum err stream_event(struct resp *rs, const char *id, const char *event, const char *data) MUST_CHECK;

/**
 * stream_add(rs, id, event, data):
 * One event that goes out with the next one, the next beat or wait, or the end of the stream: each flush wakes the web server.
 */
void stream_add(struct resp *rs, const char *id, const char *event, const char *data);

/** stream_flush(rs): Send what was only added, if anything was.  ERR_CLIENT_GONE when the client has left. */
enum err stream_flush(struct resp *rs) MUST_CHECK;

/** stream_beat(rs): Send a comment, so that a silent stream stays open and a client that left is noticed.  Errors as above. */
enum err stream_beat(struct resp *rs) MUST_CHECK;

/**
 * stream_wait(rs, ms):
 * Wait up to ${ms} milliseconds.  ERR_CLIENT_GONE as soon as the client leaves (seen at once through lighttpd, at the next beat
 * through Apache), ERR_UNAVAILABLE when the program is to stop: end the stream, the client resumes it elsewhere.
 */
enum err stream_wait(struct resp *rs, int ms) MUST_CHECK;

/** stream_wait_for(rs, fd, ms): The same, but OK as soon as there is something to read from ${fd}. */
enum err stream_wait_for(struct resp *rs, int fd, int ms) MUST_CHECK;

#endif
