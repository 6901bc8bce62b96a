/*
 * FastCGI as a web server speaks it, for unit tests: to a program's socket, or to a request on the other end of a pair.
 *
 * What cannot be sent because the other side has hung up is dropped: the reply, or its lack, tells.
 */
#ifndef FCGI_H
#define FCGI_H

#include <stdbool.h>
#include <stddef.h>

#include <fcgiapp.h>

/** FCGI_PARAMS("REQUEST_METHOD", "GET", …): A list of parameters, names and values in turn. */
#define FCGI_PARAMS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define FCGI_GET(uri)	 FCGI_PARAMS("REQUEST_METHOD", "GET", "REQUEST_URI", uri)

/* What has come back so far. */
struct fcgi_reply {
	char *text; /* standard output, terminated; never NULL after a read */
	size_t len;
	bool ended;	  /* the end of the request was in it */
	int status;	  /* by fcgi_read: what the Status header says, 0 if there is none */
	const char *body; /* by fcgi_read: what follows the headers, in text; "" if there are none */
};

/** fcgi_listen(path, ret_path): A listening, non-blocking unix socket in a directory of its own, whose path is ${ret_path}. */
int fcgi_listen(char ret_path[64]);
/** fcgi_unlisten(fd, path): Close it and remove socket and directory. */
void fcgi_unlisten(int fd, const char *path);

/** fcgi_connect(path): A connection to the unix socket ${path}, or -1 if it is refused. */
int fcgi_connect(const char *path);

/** fcgi_begin(fd, keep, params): Begin a request; ${keep}: the connection is to stay open after it.  Then comes fcgi_stdin. */
void fcgi_begin(int fd, bool keep, const char *const *params);

/** fcgi_stdin(fd, bytes, len): A piece of the body; one of 0 bytes is its end. */
void fcgi_stdin(int fd, const void *bytes, size_t len);

/** fcgi_send(fd, keep, params): A whole request without a body. */
void fcgi_send(int fd, bool keep, const char *const *params);

/** fcgi_next(fd, reply): Take one record of the reply in; false when the connection has ended.  Start with a zeroed ${reply}. */
bool fcgi_next(int fd, struct fcgi_reply *reply);

/** fcgi_read(fd, ret_reply): Read a whole reply; was there an end?  Release it with fcgi_release in any case. */
bool fcgi_read(int fd, struct fcgi_reply *ret_reply);

/** fcgi_header(reply, name, ret_value): Copy the value of a header of the reply; false if it has none. */
bool fcgi_header(const struct fcgi_reply *reply, const char *name, char ret_value[256]);

void fcgi_release(struct fcgi_reply *reply);

/* A request as a worker has it, and the web server's end of its connection. */
struct fcgi_pair {
	FCGX_Request request;
	int server;
};

/** fcgi_pair_open(p, params): Begin a request on a pair of sockets; the body is to be sent to p->server. */
void fcgi_pair_open(struct fcgi_pair *p, const char *const *params);

/** fcgi_pair_leave(p): The web server hangs up. */
void fcgi_pair_leave(struct fcgi_pair *p);

/** fcgi_pair_finish(p, ret_reply): Finish the request and read what it sent; release it with fcgi_release. */
void fcgi_pair_finish(struct fcgi_pair *p, struct fcgi_reply *ret_reply);

/** fcgi_pair_close(p): Close both ends. */
void fcgi_pair_close(struct fcgi_pair *p);

#endif
