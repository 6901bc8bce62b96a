/* A small web server for unit tests: reads requests, and leaves the answers to the test. */
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "web.h"

struct web_talk {
	struct web *web;
	pthread_t thread;
	int fd;
	char text[WEB_REQUEST_MAX + 1];
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* Bytes of the body that the head announces. */
static size_t
body_length(const char *text)
{
	const char *length = strcasestr(text, "\r\nContent-Length:");

	return length ? (size_t)strtol(length + 17, NULL, 10) : 0;
}

/* Read one request into text.  False when the client has left. */
static bool
request_read(struct web_talk *talk)
{
	size_t len = 0;
	const char *end;
	ssize_t n;

	for (;;) {
		n = recv(talk->fd, talk->text + len, WEB_REQUEST_MAX - len, 0);
		if (n <= 0)
			return false;
		len += (size_t)n;
		talk->text[len] = '\0';
		end = strstr(talk->text, "\r\n\r\n");
		if (end && len >= (size_t)(end + 4 - talk->text) + body_length(talk->text))
			return true;
	}
}

static void *
talk_run(void *arg)
{
	struct web_talk *talk = arg;
	struct web_request request = { .fd = talk->fd, .text = talk->text };
	bool stays = true;

	while (stays && request_read(talk)) {
		request.nth++;
		if (sscanf(talk->text, "%*s %63[^ ?]", request.path) != 1)
			break;
		stays = talk->web->answer(&request);
	}
	/* The descriptor is closed by web_stop, which may be about to shut it down. */
	shutdown(talk->fd, SHUT_RDWR);
	return NULL;
}

static void *
accept_run(void *arg)
{
	struct web *w = arg;
	struct web_talk *talk;
	int fd;

	while ((fd = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		talk = calloc(1, sizeof(*talk));
		if (!talk || w->connections == WEB_CONNECTIONS_MAX)
			die("too many connections");
		talk->web = w;
		talk->fd = fd;
		w->talks[w->connections++] = talk;
		if (pthread_create(&talk->thread, NULL, talk_run, talk) != 0)
			die("pthread_create");
	}
	return NULL;
}

void
web_start(struct web *w, web_answer *answer)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	*w = (struct web){ .answer = answer };
	w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (w->listener < 0 || bind(w->listener, (struct sockaddr *)&at, len) < 0 ||
	    listen(w->listener, 16) < 0 || getsockname(w->listener, (struct sockaddr *)&at, &len) < 0)
		die("cannot listen");
	w->port = ntohs(at.sin_port);
	if (pthread_create(&w->acceptor, NULL, accept_run, w) != 0)
		die("pthread_create");
}

void
web_stop(struct web *w)
{
	int i;

	shutdown(w->listener, SHUT_RDWR);
	pthread_join(w->acceptor, NULL);
	close(w->listener);
	for (i = 0; i < w->connections; i++) {
		shutdown(w->talks[i]->fd, SHUT_RDWR);
		pthread_join(w->talks[i]->thread, NULL);
		close(w->talks[i]->fd);
		free(w->talks[i]);
	}
}

bool
web_send(int fd, const char *text)
{
	size_t len = strlen(text);

	return send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

bool
web_gone(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, ms) != 0;
}
