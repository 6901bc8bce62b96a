/*
 * Conversations by the thousand, through the web server: each sends a message, reads the events of its turn to the last,
 * thinks, and sends the next one.  One thread, so that what is measured is not the load.
 *
 *     load PORT CONVERSATIONS TEXTS TURNS SECONDS THINK_MS RAMP_MS ACCEPT RECORDS
 *
 * CONVERSATIONS is a file of lines "<session id> <access token>", TEXTS one of what is said, a line a turn, again from
 * the start after the last.  The conversations begin evenly over RAMP_MS; no turn begins after TURNS of its conversation
 * or SECONDS of all.  ACCEPT is text/event-stream or application/json.  Prints what came of it as JSON, times in ms; the
 * file RECORDS gets a line per turn: trace id, when (µs of the steady clock) it was sent, the first event, the first text
 * and the end came, or 0, and which of its conversation it was, from 0.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "reader.h"

enum { TALKS_MAX = 10000, TEXTS_MAX = 100, LINE_LEN = 4096, REQUEST_LEN = 8192, KINDS_MAX = 32, BATCH = 256 };

/* A turn's patience: what lasts longer has failed. */
#define PATIENCE_US (40 * INT64_C(1000000))

struct talk {
	char *session, *token;
	int fd; /* -1: none */
	bool waiting;
	int64_t due_us; /* when to begin the next turn */
	int turns;
	bool fresh; /* nothing has been answered on this connection yet */
	char request[REQUEST_LEN];
	size_t len, written;
	char trace[33];
	int64_t sent_us, event_us, token_us;
	struct reader reader;
};

/* Times of one kind, in µs. */
struct times {
	int64_t *at;
	size_t n, room;
};

struct kind {
	char name[64];
	long n;
};

static struct {
	int port, epoll;
	struct talk *talks;
	int ntalks;
	char *texts[TEXTS_MAX];
	int ntexts;
	int turns_max;
	int64_t think_us, ends_us;
	const char *accept;
	FILE *records;
	int in_flight, in_flight_max;
	long turns, reconnected;
	struct times whole, first_event, first_token;
	struct kind faults[KINDS_MAX], engines[KINDS_MAX];
} load;

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
must(bool holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	exit(EXIT_FAILURE);
}

static void
times_add(struct times *t, int64_t us)
{
	if (t->n == t->room) {
		t->room = t->room ? t->room * 2 : 1024;
		t->at = realloc(t->at, t->room * sizeof(*t->at));
		must(t->at != NULL, "memory");
	}
	t->at[t->n++] = us;
}

static void
count(struct kind *kinds, const char *name)
{
	int i = 0;

	while (i < KINDS_MAX - 1 && *kinds[i].name && strcmp(kinds[i].name, name) != 0)
		i++;
	snprintf(kinds[i].name, sizeof(kinds[i].name), "%s", name);
	kinds[i].n++;
}

static void
hex(char *out, size_t bytes)
{
	unsigned char random[16];
	size_t i;

	must(getrandom(random, bytes, 0) == (ssize_t)bytes, "getrandom");
	for (i = 0; i < bytes; i++)
		snprintf(out + 2 * i, 3, "%02x", random[i]);
}

static void
write_request(struct talk *t)
{
	const char *text = load.texts[t->turns % load.ntexts];
	char id[33], body[2048];

	hex(id, 16);
	hex(t->trace, 16);
	snprintf(body, sizeof(body),
		 "{\"text\":\"%s\",\"client_message_id\":\"%.8s-%.4s-4%.3s-8%.3s-%.12s\"}", text, id, id + 8,
		 id + 13, id + 17, id + 20);
	t->len =
	    (size_t)snprintf(t->request, sizeof(t->request),
			     "POST /api/v1/chat/sessions/%s/messages HTTP/1.1\r\nHost: localhost\r\n"
			     "Authorization: Bearer %s\r\nAccept: %s\r\nContent-Type: application/json\r\n"
			     "traceparent: 00-%s-%.16s-01\r\nContent-Length: %zu\r\n\r\n%s",
			     t->session, t->token, load.accept, t->trace, t->trace, strlen(body), body);
	must(t->len < sizeof(t->request), "request too long");
	t->written = 0;
}

static void
watch(struct talk *t, uint32_t what, int how)
{
	struct epoll_event event = { .events = what, .data.ptr = t };

	must(epoll_ctl(load.epoll, how, t->fd, &event) == 0, "epoll_ctl");
}

static void
connect_talk(struct talk *t)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)load.port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	t->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	must(t->fd >= 0, "socket");
	setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	must(connect(t->fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 || errno == EINPROGRESS, "connect");
	t->fresh = true;
	watch(t, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
}

static void
hang_up(struct talk *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

static void
send_request(struct talk *t)
{
	ssize_t n = send(t->fd, t->request + t->written, t->len - t->written, MSG_NOSIGNAL);

	if (n < 0)
		return; /* not connected yet, or gone: then reading says so */
	t->written += (size_t)n;
	if (t->written == t->len)
		watch(t, EPOLLIN, EPOLL_CTL_MOD);
}

/* On the connection that is open; the time counts from here, a new connection included. */
static void
begin_turn(struct talk *t)
{
	write_request(t);
	reader_reset(&t->reader);
	t->waiting = false;
	t->sent_us = now_us();
	t->event_us = t->token_us = 0;
	load.in_flight++;
	if (load.in_flight > load.in_flight_max)
		load.in_flight_max = load.in_flight;
	if (t->fd < 0)
		connect_talk(t);
	else
		watch(t, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

/* Why the turn is no good; NULL: it is. */
static const char *
fault_of(struct talk *t, const char *fault)
{
	static char name[64];

	if (fault)
		return fault;
	if (t->reader.fault)
		return t->reader.fault;
	if (t->reader.status != 200 || t->reader.failed) {
		snprintf(name, sizeof(name), "%d %s", t->reader.status, t->reader.code);
		return name;
	}
	if (t->reader.events && !t->reader.done)
		return "no_done";
	return NULL;
}

static void
record(const struct talk *t, int64_t ended_us)
{
	fprintf(load.records, "%s %lld %lld %lld %lld %d\n", t->trace, (long long)t->sent_us,
		(long long)t->event_us, (long long)t->token_us, (long long)ended_us, t->turns);
}

static void
measure(struct talk *t)
{
	int64_t now = now_us();

	load.turns++;
	count(load.engines, *t->reader.engine ? t->reader.engine : "none");
	times_add(&load.whole, now - t->sent_us);
	if (t->event_us)
		times_add(&load.first_event, t->event_us - t->sent_us);
	if (t->token_us)
		times_add(&load.first_token, t->token_us - t->sent_us);
	record(t, now);
}

static void
end_turn(struct talk *t, const char *fault)
{
	fault = fault_of(t, fault);
	load.in_flight--;
	if (fault)
		count(load.faults, fault);
	else
		measure(t);
	if (fault || t->reader.closes)
		hang_up(t);
	t->turns++;
	t->fresh = false;
	t->waiting = true;
	t->due_us = now_us() + load.think_us;
}

/* The server may close what has been idle just as the next request leaves: that is nobody's fault, and sent again. */
static void
lose_connection(struct talk *t)
{
	bool idle = t->waiting, unheard = t->reader.in_len == 0 && !t->fresh;

	hang_up(t);
	if (idle)
		return;
	if (!unheard) {
		end_turn(t, "connection_lost");
		return;
	}
	load.reconnected++;
	t->written = 0;
	connect_talk(t);
}

static void
read_reply(struct talk *t)
{
	struct reader *r = &t->reader;
	size_t room;
	char *space = reader_space(r, &room);
	ssize_t n = recv(t->fd, space, room, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || t->waiting) {
		lose_connection(t);
		return;
	}
	reader_take(r, (size_t)n);
	if (r->nevents > 0 && t->event_us == 0)
		t->event_us = now_us();
	if (r->ntokens > 0 && t->token_us == 0)
		t->token_us = now_us();
	if (r->ended || r->fault)
		end_turn(t, NULL);
}

/* Begin what is due and give up what takes too long.  Returns how many conversations go on. */
static int
look_at_clock(void)
{
	int64_t now = now_us();
	int i, alive = 0;

	for (i = 0; i < load.ntalks; i++) {
		struct talk *t = &load.talks[i];

		if (!t->waiting && t->sent_us + PATIENCE_US < now)
			end_turn(t, "timeout");
		if (t->waiting && (t->turns >= load.turns_max || t->due_us >= load.ends_us))
			continue;
		alive++;
		if (t->waiting && t->due_us <= now)
			begin_turn(t);
	}
	return alive;
}

static void
run(void)
{
	struct epoll_event events[BATCH];
	int n, i;

	while (look_at_clock() > 0) {
		n = epoll_wait(load.epoll, events, BATCH, 1);
		for (i = 0; i < n; i++) {
			struct talk *t = events[i].data.ptr;

			if (t->fd >= 0 && (events[i].events & EPOLLOUT) && t->written < t->len)
				send_request(t);
			if (t->fd >= 0 && (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
				read_reply(t);
		}
	}
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double
percentile_ms(const struct times *t, int percent)
{
	size_t i = t->n * (size_t)percent / 100;

	return t->n == 0 ? 0 : (double)t->at[i < t->n ? i : t->n - 1] / 1e3;
}

static void
print_times(const char *name, const struct times *t)
{
	if (t->n > 0)
		qsort(t->at, t->n, sizeof(*t->at), compare);
	printf(", \"%s\": {\"n\": %zu, \"p50\": %.2f, \"p90\": %.2f, \"p99\": %.2f, \"max\": %.2f}", name,
	       t->n, percentile_ms(t, 50), percentile_ms(t, 90), percentile_ms(t, 99), percentile_ms(t, 100));
}

static void
print_kinds(const char *name, const struct kind *kinds)
{
	int i;

	printf(", \"%s\": {", name);
	for (i = 0; i < KINDS_MAX && *kinds[i].name; i++)
		printf("%s\"%s\": %ld", i > 0 ? ", " : "", kinds[i].name, kinds[i].n);
	printf("}");
}

static void
print(void)
{
	printf("{\"turns\": %ld, \"in_flight_max\": %d, \"reconnected\": %ld, \"cpu_ms\": %ld", load.turns,
	       load.in_flight_max, load.reconnected, (long)(clock() / (CLOCKS_PER_SEC / 1000)));
	print_kinds("errors", load.faults);
	print_kinds("engines", load.engines);
	print_times("turn_ms", &load.whole);
	print_times("first_event_ms", &load.first_event);
	print_times("first_token_ms", &load.first_token);
	printf("}\n");
}

static char *
read_line(FILE *in)
{
	char line[LINE_LEN];

	if (!fgets(line, sizeof(line), in))
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return strdup(line);
}

static void
read_texts(const char *path)
{
	FILE *in = fopen(path, "re");

	must(in != NULL, path);
	while (load.ntexts < TEXTS_MAX && (load.texts[load.ntexts] = read_line(in)) != NULL)
		load.ntexts++;
	fclose(in);
	must(load.ntexts > 0, path);
}

static void
read_talks(const char *path, int64_t ramp_us)
{
	FILE *in = fopen(path, "re");
	int64_t now = now_us();
	char *line;
	int i;

	must(in != NULL, path);
	load.talks = calloc(TALKS_MAX, sizeof(*load.talks));
	must(load.talks != NULL, "memory");
	while (load.ntalks < TALKS_MAX && (line = read_line(in)) != NULL) {
		struct talk *t = &load.talks[load.ntalks++];

		t->session = strsep(&line, " ");
		t->token = strsep(&line, " ");
		must(t->token != NULL, path);
		t->fd = -1;
		t->waiting = true;
		reader_open(&t->reader);
	}
	fclose(in);
	for (i = 0; i < load.ntalks; i++)
		load.talks[i].due_us = now + ramp_us * i / load.ntalks;
}

static int
number(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

int
main(int argc, char *argv[])
{
	if (argc != 10) {
		fputs("usage: load PORT CONVERSATIONS TEXTS TURNS SECONDS THINK_MS RAMP_MS ACCEPT RECORDS\n",
		      stderr);
		return EXIT_FAILURE;
	}
	load.port = number(argv[1]);
	load.turns_max = number(argv[4]);
	load.ends_us = now_us() + number(argv[5]) * INT64_C(1000000);
	load.think_us = number(argv[6]) * INT64_C(1000);
	load.accept = argv[8];
	load.records = fopen(argv[9], "we");
	must(load.records != NULL, argv[9]);
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	read_texts(argv[3]);
	read_talks(argv[2], number(argv[7]) * INT64_C(1000));
	run();
	print();
	return fclose(load.records) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
