/*
 * A small, badly behaved web server for unit tests: the test decides what is answered, byte by byte.  On 127.0.0.1, at
 * a port of the system's choice; each connection has a thread.
 */
#ifndef WEB_H
#define WEB_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { WEB_CONNECTIONS_MAX = 64, WEB_REQUEST_MAX = 64 * 1024 };

/* One request as it came. */
struct web_request {
	int fd;
	int nth;	  /* on this connection, from 1 */
	const char *text; /* all of it, terminated */
	char path[64];
};

/* Answer a request; false closes the connection. */
typedef bool web_answer(const struct web_request *);

struct web {
	int listener;
	int port;
	web_answer *answer;
	pthread_t acceptor;
	atomic_int connections; /* accepted so far */
	struct web_talk *talks[WEB_CONNECTIONS_MAX];
};

/** web_start(w, answer): Start to serve with ${answer}.  web_stop(w) cuts all connections and ends its threads. */
void web_start(struct web *w, web_answer *answer);
void web_stop(struct web *w);

/** web_send(fd, text): Send ${text}; false if the client has left. */
bool web_send(int fd, const char *text);

/** web_gone(fd, ms): Wait ${ms} milliseconds, -1: for ever, for the client to leave.  Has it? */
bool web_gone(int fd, int ms);

#endif
