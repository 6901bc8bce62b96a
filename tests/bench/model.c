/*
 * A language model that thinks of nothing: an OpenAI-compatible /v1/chat/completions that streams the same answer to
 * everybody, in so many pieces over so many milliseconds.  One thread, for thousands at once, so that what is measured is
 * not the model.
 *
 *     model PIECES MILLISECONDS RECORDS
 *
 * prints the port it listens on, and writes a line for each answer to the file RECORDS: the trace id of the request's
 * traceparent, and when (µs of the steady clock) the request was there, the first piece, the first piece of the reply and
 * the last piece were written.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNS_MAX = 16384, REQUEST_MAX = 128 * 1024, PIECES_MAX = 1000, TRACE_LEN = 32, BATCH = 256 };

#define HEAD                                                                                                 \
	"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"                  \
	"Transfer-Encoding: chunked\r\n\r\n"
#define CHUNK                                                                                                \
	"data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"      \
	"\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{%s},\"finish_reason\":%s}]%s}\n\n"
#define USAGE ",\"usage\":{\"prompt_tokens\":400,\"completion_tokens\":%d,\"total_tokens\":%d}"

static const char before[] =
    "{\"fits\":true,\"mood\":null,\"interests\":[],\"budget_won\":null,\"colour\":null,"
    "\"wants\":\"none\",\"unwanted\":[],\"picks\":[%s],\"reply\":\"";
static const char reply[] =
    "말씀 잘 들었어요. 오늘 하루도 정말 애쓰셨네요. 잠깐 숨을 고르고 천천히 이야기 나눠요. 요즘 마음에 "
    "남는 일이 있으셨다면 편하게 들려주세요. 저는 서두르지 않고 귀 기울여 들을게요. 좋아하시는 것을 "
    "알려 주시면 거기에 어울리는 것을 정성껏 찾아 드릴게요.";
static const char after[] = "\"}";

/* An answer, rendered: its pieces with head and chunk sizes around them. */
struct answer {
	char *pieces[PIECES_MAX + 1];
	int reply_at; /* the first piece with text of the reply */
};

struct conn {
	char *in;
	size_t in_len;
	const struct answer *answer; /* being sent; NULL: none */
	int next;
	size_t written; /* of the next piece */
	int64_t got_us, first_us, reply_us;
	char trace[TRACE_LEN + 1];
};

static struct {
	int npieces;
	int64_t period_us;
	struct answer plain, picking;
	struct conn *conns[CONNS_MAX]; /* by descriptor */
	int answering[CONNS_MAX], nanswering;
	int epoll, listener;
	FILE *records;
} model;

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

static size_t
character_len(const char *at)
{
	unsigned char c = (unsigned char)*at;

	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static int
characters(const char *text)
{
	int n = 0;

	for (; *text; text += character_len(text))
		n++;
	return n;
}

/* The JSON text of a piece, its quotes escaped. */
static void
quote(const char *text, size_t len, char *ret_json)
{
	for (; len > 0; len--, text++) {
		if (*text == '"')
			*ret_json++ = '\\';
		*ret_json++ = *text;
	}
	*ret_json = '\0';
}

static char *
render_chunk(const char *head, const char *delta, const char *finish, const char *usage, const char *tail)
{
	char *chunk, *whole;

	must(asprintf(&chunk, CHUNK, delta, finish, usage) >= 0, "memory");
	must(asprintf(&whole, "%s%zx\r\n%s\r\n%s", head, strlen(chunk), chunk, tail) >= 0, "memory");
	free(chunk);
	return whole;
}

static char *
render_piece(const char *text, size_t len, bool first)
{
	char json[4096], delta[8192];

	must(len < sizeof(json) / 2, "piece too long");
	quote(text, len, json);
	snprintf(delta, sizeof(delta), "%s\"content\":\"%s\"", first ? "\"role\":\"assistant\"," : "", json);
	return render_chunk(first ? HEAD : "", delta, "null", "", "");
}

static char *
render_end(int npieces)
{
	char usage[256];

	snprintf(usage, sizeof(usage), USAGE, npieces, 400 + npieces);
	return render_chunk("", "", "\"stop\"", usage, "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
}

/* Cut the answer in pieces of as even a number of characters as can be. */
static void
render(struct answer *a, const char *picks)
{
	char text[4096], head[1024];
	const char *at = text, *from;
	int n, i, total;

	snprintf(head, sizeof(head), before, picks);
	snprintf(text, sizeof(text), "%s%s%s", head, reply, after);
	total = characters(text);
	must(total >= model.npieces, "more pieces than characters");
	for (i = n = 0; i < model.npieces; i++) {
		for (from = at; n < total * (i + 1) / model.npieces; n++)
			at += character_len(at);
		a->pieces[i] = render_piece(from, (size_t)(at - from), i == 0);
		if (a->reply_at == 0 && at > text + strlen(head))
			a->reply_at = i;
	}
	a->pieces[i] = render_end(model.npieces);
}

static void
hang_up(int fd)
{
	struct conn *c = model.conns[fd];

	free(c->in);
	free(c);
	model.conns[fd] = NULL;
	close(fd);
}

static void
record(const struct conn *c)
{
	fprintf(model.records, "%s %lld %lld %lld %lld\n", *c->trace ? c->trace : "-", (long long)c->got_us,
		(long long)c->first_us, (long long)c->reply_us, (long long)now_us());
}

/* Write the next piece; what does not fit waits for the next look. */
static bool
write_piece(int fd, struct conn *c)
{
	const char *piece = c->answer->pieces[c->next];
	size_t len = strlen(piece) - c->written;
	ssize_t n = send(fd, piece + c->written, len, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN;
	c->written += (size_t)n;
	if ((size_t)n < len)
		return true;
	c->written = 0;
	if (c->next == 0)
		c->first_us = now_us();
	if (c->next == c->answer->reply_at)
		c->reply_us = now_us();
	c->next++;
	return true;
}

/* Piece n is due n + 1 periods after the request; the end comes with the last piece. */
static bool
write_due(int fd, struct conn *c, int64_t now)
{
	while (c->next <= model.npieces) {
		int periods = c->next < model.npieces ? c->next + 1 : model.npieces, before_n = c->next;

		if (c->got_us + periods * model.period_us > now)
			return true;
		if (!write_piece(fd, c))
			return false;
		if (c->next == before_n)
			return true;
	}
	record(c);
	c->answer = NULL;
	return true;
}

static void
write_all_due(void)
{
	int64_t now = now_us();
	int i = 0;

	while (i < model.nanswering) {
		int fd = model.answering[i];
		struct conn *c = model.conns[fd];

		if (c && c->answer && !write_due(fd, c, now))
			hang_up(fd);
		if (model.conns[fd] && model.conns[fd]->answer)
			i++;
		else
			model.answering[i] = model.answering[--model.nanswering];
	}
}

static void
read_trace(struct conn *c)
{
	const char *at = strcasestr(c->in, "\r\ntraceparent: 00-");

	*c->trace = '\0';
	if (at)
		snprintf(c->trace, sizeof(c->trace), "%.32s", at + strlen("\r\ntraceparent: 00-"));
}

/* Is the request complete?  Then begin its answer. */
static void
begin_answer(int fd, struct conn *c)
{
	const char *end = strstr(c->in, "\r\n\r\n"), *length = strcasestr(c->in, "\r\ncontent-length:");
	size_t whole;

	if (!end || c->answer)
		return;
	whole = (size_t)(end + 4 - c->in);
	if (length && length < end)
		whole += strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
	if (c->in_len < whole)
		return;
	read_trace(c);
	c->answer = strstr(end, "p3") ? &model.picking : &model.plain;
	c->next = 0;
	c->got_us = now_us();
	c->in_len = 0; /* nobody asks again before the answer has come */
	c->in[0] = '\0';
	model.answering[model.nanswering++] = fd;
}

/* Whoever hangs up has cancelled; its place among the answering is given up at the next look. */
static void
read_request(int fd)
{
	struct conn *c = model.conns[fd];
	ssize_t n = recv(fd, c->in + c->in_len, REQUEST_MAX - c->in_len, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		hang_up(fd);
		return;
	}
	c->in_len += (size_t)n;
	c->in[c->in_len] = '\0';
	begin_answer(fd, c);
}

static void
take_connection(void)
{
	int fd = accept4(model.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	struct conn *c;

	if (fd < 0)
		return;
	must(fd < CONNS_MAX, "too many connections");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	c = calloc(1, sizeof(*c));
	must(c != NULL, "memory");
	c->in = calloc(1, REQUEST_MAX + 1);
	must(c->in != NULL, "memory");
	model.conns[fd] = c;
	must(epoll_ctl(model.epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

static void
listen_anywhere(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	struct epoll_event event = { .events = EPOLLIN };

	model.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	event.data.fd = model.listener;
	model.epoll = epoll_create1(EPOLL_CLOEXEC);
	must(bind(model.listener, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
		 listen(model.listener, 4096) == 0 &&
		 getsockname(model.listener, (struct sockaddr *)&addr, &len) == 0 &&
		 epoll_ctl(model.epoll, EPOLL_CTL_ADD, model.listener, &event) == 0,
	     "listen");
	printf("%d\n", ntohs(addr.sin_port));
	fflush(stdout);
}

static volatile sig_atomic_t ending;

static void
end(int signal_number)
{
	(void)signal_number;
	ending = 1;
}

static void
serve(void)
{
	struct epoll_event events[BATCH];
	int n, i;

	while (!ending) {
		n = epoll_wait(model.epoll, events, BATCH, 1);
		for (i = 0; i < n; i++) {
			if (events[i].data.fd == model.listener)
				take_connection();
			else if (model.conns[events[i].data.fd])
				read_request(events[i].data.fd);
		}
		write_all_due();
		if (model.nanswering == 0)
			fflush(model.records);
	}
}

int
main(int argc, char *argv[])
{
	if (argc != 4) {
		fputs("usage: model PIECES MILLISECONDS RECORDS\n", stderr);
		return EXIT_FAILURE;
	}
	model.npieces = (int)strtol(argv[1], NULL, 10);
	must(model.npieces > 0 && model.npieces <= PIECES_MAX, "pieces");
	model.period_us = (int)strtol(argv[2], NULL, 10) * 1000L / model.npieces;
	model.records = fopen(argv[3], "we");
	must(model.records != NULL, argv[3]);
	render(&model.plain, "");
	render(&model.picking, "\"p1\",\"p2\",\"p3\"");
	signal(SIGTERM, end);
	listen_anywhere();
	serve();
	return fclose(model.records) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
