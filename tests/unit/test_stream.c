/* Server-sent events: the frames on the wire, and how a stream learns that it should end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "exchange.h"
#include "stream.h"

/* Begin a stream whose request has been read to its end, as the loop does it. */
static void
begin(struct exchange *x)
{
	exchange_get(x, "/events");
	assert_int_equal(req_take_body(&x->r.rq, 0), OK);
	assert_int_equal(stream_begin(&x->r.rs), OK);
}

/* Take in what was sent, without waiting for the end; only what follows the headers. */
static const char *
frames(struct exchange *x, struct fcgi_reply *reply)
{
	const char *end;

	assert_true(fcgi_next(x->pair.server, reply));
	end = strstr(reply->text, "\r\n\r\n");
	assert_non_null(end);
	return end + 4;
}

static void
the_headers_leave_before_a_wait(void **state)
{
	struct fcgi_reply reply = { 0 };
	struct exchange x;
	char value[256];

	(void)state;
	begin(&x);
	assert_true(x.r.rs.begun);
	assert_int_equal(stream_wait(&x.r.rs, 0), OK);
	assert_string_equal(frames(&x, &reply), "");
	assert_int_equal(strncmp(reply.text, "Status: 200\r\n", 13), 0);
	assert_true(fcgi_header(&reply, "Content-Type", value));
	assert_string_equal(value, "text/event-stream");
	assert_true(fcgi_header(&reply, "Cache-Control", value));
	assert_string_equal(value, "no-store");
	assert_false(fcgi_header(&reply, "Content-Length", value));
	fcgi_release(&reply);
	exchange_end(&x);
}

static void
events_are_frames(void **state)
{
	static const struct {
		const char *id, *event, *data, *frame;
	} cases[] = {
		{ "7", "status", "{\"a\":1}", "id: 7\nevent: status\ndata: {\"a\":1}\n\n" },
		{ NULL, "delta", "모아", "event: delta\ndata: 모아\n\n" },
		{ NULL, "done", "", "event: done\ndata: \n\n" },
		/* every kind of line end begins a new field, or the rest would be lost */
		{ NULL, "m", "a\nb", "event: m\ndata: a\ndata: b\n\n" },
		{ NULL, "m", "a\r\nb", "event: m\ndata: a\ndata: b\n\n" },
		{ NULL, "m", "a\rb", "event: m\ndata: a\ndata: b\n\n" },
		{ NULL, "m", "a\n\nb\n", "event: m\ndata: a\ndata: \ndata: b\ndata: \n\n" },
		{ NULL, "m", "a\r\r\n\n", "event: m\ndata: a\ndata: \ndata: \ndata: \n\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fcgi_reply reply = { 0 };
		struct exchange x;

		begin(&x);
		assert_int_equal(stream_event(&x.r.rs, cases[i].id, cases[i].event, cases[i].data), OK);
		assert_string_equal(frames(&x, &reply), cases[i].frame);
		fcgi_release(&reply);
		exchange_end(&x);
	}
}

static void
what_is_added_leaves_with_the_next(void **state)
{
	struct pollfd sent = { .events = POLLIN };
	struct fcgi_reply reply = { 0 };
	struct exchange x;

	(void)state;
	begin(&x);
	stream_add(&x.r.rs, NULL, "a", "1");
	stream_add(&x.r.rs, NULL, "b", "2");
	sent.fd = x.pair.server;
	assert_int_equal(poll(&sent, 1, 0), 0);
	assert_int_equal(stream_flush(&x.r.rs), OK);
	assert_string_equal(frames(&x, &reply), "event: a\ndata: 1\n\nevent: b\ndata: 2\n\n");
	fcgi_release(&reply);
	exchange_end(&x);
}

static void
a_large_event_arrives_whole(void **state)
{
	char *data = calloc(1, 50001);
	struct fcgi_reply reply = { 0 };
	struct exchange x;

	(void)state;
	memset(data, 'x', 50000);
	begin(&x);
	assert_int_equal(stream_event(&x.r.rs, NULL, "m", data), OK);
	FCGX_Finish_r(&x.pair.request);
	assert_true(fcgi_read(x.pair.server, &reply));
	assert_int_equal(strlen(reply.body), strlen("event: m\ndata: \n\n") + 50000);
	fcgi_release(&reply);
	exchange_end(&x);
	free(data);
}

static void
a_beat_is_a_comment(void **state)
{
	struct fcgi_reply reply = { 0 };
	struct exchange x;

	(void)state;
	begin(&x);
	assert_int_equal(stream_beat(&x.r.rs), OK);
	assert_string_equal(frames(&x, &reply), ":\n\n");
	fcgi_release(&reply);
	exchange_end(&x);
}

static void
waiting_ends_with_its_time(void **state)
{
	struct exchange x;

	(void)state;
	begin(&x);
	assert_int_equal(stream_wait(&x.r.rs, 0), OK);
	assert_int_equal(stream_wait(&x.r.rs, 20), OK);
	assert_in_range(request_took_ms(&x.r), 20, 1000);
	exchange_end(&x);
}

static void
a_client_that_leaves_is_noticed(void **state)
{
	struct exchange x;

	(void)state;
	begin(&x);
	fcgi_pair_leave(&x.pair);
	assert_int_equal(stream_wait(&x.r.rs, 10000), ERR_CLIENT_GONE);
	assert_in_range(request_took_ms(&x.r), 0, 1000);
	assert_int_equal(stream_event(&x.r.rs, NULL, "m", "x"), ERR_CLIENT_GONE);
	assert_int_equal(stream_event(&x.r.rs, NULL, "m", "x"), ERR_CLIENT_GONE);
	assert_int_equal(stream_beat(&x.r.rs), ERR_CLIENT_GONE);
	exchange_end(&x);
}

static void
a_client_that_left_before_the_stream_began(void **state)
{
	struct exchange x;

	(void)state;
	exchange_get(&x, "/events");
	assert_int_equal(req_take_body(&x.r.rq, 0), OK);
	fcgi_pair_leave(&x.pair);
	assert_int_equal(stream_begin(&x.r.rs), OK);
	assert_int_equal(stream_wait(&x.r.rs, 0), ERR_CLIENT_GONE);
	exchange_end(&x);
}

static void
a_stop_ends_the_wait(void **state)
{
	struct exchange x;

	(void)state;
	begin(&x);
	x.r.rs.stop_fd = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(stream_wait(&x.r.rs, 0), OK);
	assert_int_equal(eventfd_write(x.r.rs.stop_fd, 1), 0);
	assert_int_equal(stream_wait(&x.r.rs, 10000), ERR_UNAVAILABLE);
	assert_in_range(request_took_ms(&x.r), 0, 1000);
	/* The stream may still say goodbye. */
	assert_int_equal(stream_event(&x.r.rs, NULL, "bye", ""), OK);
	close(x.r.rs.stop_fd);
	exchange_end(&x);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_headers_leave_before_a_wait),
		cmocka_unit_test(events_are_frames),
		cmocka_unit_test(what_is_added_leaves_with_the_next),
		cmocka_unit_test(a_large_event_arrives_whole),
		cmocka_unit_test(a_beat_is_a_comment),
		cmocka_unit_test(waiting_ends_with_its_time),
		cmocka_unit_test(a_client_that_leaves_is_noticed),
		cmocka_unit_test(a_client_that_left_before_the_stream_began),
		cmocka_unit_test(a_stop_ends_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
