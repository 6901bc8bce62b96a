/* Server-sent events: frames, flushing, and noticing that the client has left. */
#include <poll.h>
#include <string.h>

#include <fcgiapp.h>

#include "arena.h"
#include "resp.h"
#include "stream.h"

enum err
stream_begin(struct resp *rs)
{
	rs->status = 200;
	rs->type = NULL; /* resp_send would announce a length with it */
	resp_header(rs, "Content-Type", "text/event-stream");
	resp_header(rs, "Cache-Control", "no-store");
	resp_header(rs, "X-Accel-Buffering", "no");
	if (resp_send(rs))
		return ERR_CLIENT_GONE;
	return FCGX_FFlush(rs->fcgi->out) < 0 ? ERR_CLIENT_GONE : OK;
}

enum err
stream_event(struct resp *rs, const char *id, const char *event, const char *data)
{
	struct arena scratch;
	const char *frame;
	enum err e;

	/* A stream may send for minutes: its frames must not pile up in the request's arena. */
	arena_init(&scratch);
	frame = id ? arena_printf(&scratch, "id: %s\nevent: %s\n", id, event)
		   : arena_printf(&scratch, "event: %s\n", event);
	for (;;) {
		size_t len = strcspn(data, "\n");

		frame = arena_printf(&scratch, "%sdata: %.*s\n", frame, (int)len, data);
		if (!data[len])
			break;
		data += len + 1;
	}
	frame = arena_printf(&scratch, "%s\n", frame);
	e = resp_write(rs, frame, strlen(frame));
	arena_free(&scratch);
	return e;
}

enum err
stream_beat(struct resp *rs)
{
	return resp_write(rs, ":\n\n", 3);
}

enum err
stream_wait(struct resp *rs, int ms)
{
	struct pollfd p[] = {
		{ .fd = rs->fcgi->ipcFd, .events = POLLIN | POLLRDHUP },
		{ .fd = rs->stop_fd, .events = POLLIN },
	};

	if (poll(p, 2, ms) <= 0)
		return OK;
	return p[0].revents ? ERR_CLIENT_GONE : ERR_UNAVAILABLE;
}
