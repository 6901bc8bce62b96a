/*
 * A name that changes its mind (DNS rebinding): the address that is looked at is the one that is connected to.  This program
 * answers for the name server and for the network: curl's getaddrinfo and connect come here.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "http.h"
#include "request.h"

#define PUBLIC	"93.184.215.14"
#define PRIVATE "10.1.2.3"

/* What the name resolves to, one answer after the other; an answer is one address or two. */
static struct {
	const char *answers[4][2];
	int lookups;
	char connected[200]; /* to which addresses, each with a space behind it */
} world;
static pthread_mutex_t world_mutex = PTHREAD_MUTEX_INITIALIZER;

static int
real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(node, service, hints, res);
}

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *req, struct addrinfo **pai)
{
	const char *const *answer;
	int fault;

	if (strcmp(name, "shop.example") != 0)
		return real_getaddrinfo(name, service, req, pai);
	pthread_mutex_lock(&world_mutex);
	answer = world.answers[world.lookups++];
	pthread_mutex_unlock(&world_mutex);
	fault = real_getaddrinfo(answer[0], service, req, pai);
	if (!fault && answer[1]) {
		struct addrinfo *last = *pai;

		while (last->ai_next)
			last = last->ai_next;
		fault = real_getaddrinfo(answer[1], service, req, &last->ai_next);
	}
	return fault;
}

/* Nobody is there, wherever; but it is noted who was to be called. */
int
connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	char text[INET_ADDRSTRLEN] = "another family";
	struct sockaddr_in in4;

	(void)fd, (void)len;
	if (addr->sa_family == AF_INET) {
		memcpy(&in4, addr, sizeof(in4));
		inet_ntop(AF_INET, &in4.sin_addr, text, sizeof(text));
	}
	pthread_mutex_lock(&world_mutex);
	snprintf(world.connected + strlen(world.connected), sizeof(world.connected) - strlen(world.connected),
		 "%s ", text);
	pthread_mutex_unlock(&world_mutex);
	errno = ENETUNREACH;
	return -1;
}

/* One call to the name, of a http of its own unless one is given: another process, or much later.  Why it failed. */
static enum http_fault
call(struct http *given)
{
	struct http *http = given ? given : http_open();
	struct http_trace trace;
	struct request r;
	struct http_call what = { .method = "GET",
				  .url = "http://shop.example/hooks",
				  .reply_max = 100,
				  .public_only = true,
				  .trace = &trace };
	struct http_reply reply;

	request_begin(&r, 2000);
	r.rq.http = http;
	what.deadline_ms = r.rq.deadline_ms;
	assert_int_equal(http_run(&r.rq, &what, &reply), ERR_UNAVAILABLE);
	request_end(&r);
	if (!given)
		http_close(http);
	return trace.fault;
}

static int
set_up(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	return 0;
}

static void
a_public_address_is_called(void **state)
{
	(void)state;
	world.answers[0][0] = PUBLIC;
	assert_int_equal(call(NULL), HTTP_FAULT_CONNECT);
	assert_string_equal(world.connected, PUBLIC " ");
}

/* It was looked at, at whatever time, and fine; now it is another. */
static void
what_it_was_before_does_not_count(void **state)
{
	(void)state;
	world.answers[0][0] = PUBLIC;
	world.answers[1][0] = PRIVATE;
	assert_int_equal(call(NULL), HTTP_FAULT_CONNECT);
	assert_int_equal(call(NULL), HTTP_FAULT_TARGET);
	assert_string_equal(world.connected, PUBLIC " ");
}

/* The attack proper: an answer for whoever looks, and the next one for whoever connects.  Nobody asks twice. */
static void
it_is_asked_for_once(void **state)
{
	(void)state;
	world.answers[0][0] = PRIVATE;
	world.answers[1][0] = PUBLIC;
	assert_int_equal(call(NULL), HTTP_FAULT_TARGET);
	assert_int_equal(world.lookups, 1);
	world.lookups = 1;
	world.answers[2][0] = PRIVATE;
	assert_int_equal(call(NULL), HTTP_FAULT_CONNECT);
	assert_int_equal(world.lookups, 2);
	assert_string_equal(world.connected, PUBLIC " ");
}

static void
of_two_addresses_the_public_one_is_called(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		world.answers[i][i] = PRIVATE;
		world.answers[i][1 - i] = PUBLIC;
	}
	for (i = 0; i < 2; i++)
		call(NULL);
	assert_string_equal(world.connected, PUBLIC " " PUBLIC " ");
}

/* An address that curl remembers is looked at again, too. */
static void
what_is_remembered_is_looked_at(void **state)
{
	struct http *http = http_open();

	(void)state;
	world.answers[0][0] = PRIVATE;
	world.answers[1][0] = PRIVATE;
	assert_int_equal(call(http), HTTP_FAULT_TARGET);
	assert_int_equal(call(http), HTTP_FAULT_TARGET);
	assert_string_equal(world.connected, "");
	http_close(http);
}

#define IN_WORLD(test) cmocka_unit_test_setup(test, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_public_address_is_called),
		IN_WORLD(what_it_was_before_does_not_count),
		IN_WORLD(it_is_asked_for_once),
		IN_WORLD(of_two_addresses_the_public_one_is_called),
		IN_WORLD(what_is_remembered_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
