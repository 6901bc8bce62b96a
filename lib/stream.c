/* Server-sent events: frames, flushing, and noticing that the client has left. */
#include <poll.h>
#include <string.h>

#include <fcgiapp.h>

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
	rs->held = true;
	return resp_send(rs) ? ERR_CLIENT_GONE : OK;
}

static void
put(struct resp *rs, const char *text, size_t len)
{
	/* Whether it worked is seen at the end of the frame: libfcgi remembers. */
	(void)FCGX_PutStr(text, (int)len, rs->fcgi->out);
}

static void
put_field(struct resp *rs, const char *name, const char *value, size_t len)
{
	put(rs, name, strlen(name));
	put(rs, ": ", 2);
	put(rs, value, len);
	put(rs, "\n", 1);
}

void
stream_add(struct resp *rs, const char *id, const char *event, const char *data)
{
	rs->held = true;
	if (id)
		put_field(rs, "id", id, strlen(id));
	put_field(rs, "event", event, strlen(event));
	/* CR, LF and CR LF all end a line of the format, so each has to begin a field of its own. */
	for (;;) {
		size_t len = strcspn(data, "\r\n");

		put_field(rs, "data", data, len);
		if (!data[len])
			break;
		data += len + 1 + (strncmp(data + len, "\r\n", 2) == 0);
	}
	put(rs, "\n", 1);
}

enum err
stream_flush(struct resp *rs)
{
	if (!rs->held)
		return OK;
	rs->held = false;
	return resp_flush(rs);
}

enum err
stream_event(struct resp *rs, const char *id, const char *event, const char *data)
{
	stream_add(rs, id, event, data);
	return stream_flush(rs);
}

enum err
stream_beat(struct resp *rs)
{
	put(rs, ":\n\n", 3);
	rs->held = true;
	return stream_flush(rs);
}

enum err
stream_wait(struct resp *rs, int ms)
{
	return stream_wait_for(rs, -1, ms);
}

enum err
stream_wait_for(struct resp *rs, int fd, int ms)
{
	/* Of a negative descriptor poll(2) takes no notice. */
	struct pollfd p[] = {
		{ .fd = rs->fcgi->ipcFd, .events = POLLIN | POLLRDHUP },
		{ .fd = rs->stop_fd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	enum err e = stream_flush(rs);

	if (e)
		return e;
	if (poll(p, 3, ms) <= 0)
		return OK;
	if (p[0].revents)
		return ERR_CLIENT_GONE;
	return p[1].revents ? ERR_UNAVAILABLE : OK;
}
