/*
 * A reply over HTTP/1.1 as it comes in, in any pieces: status, length or chunks, and the events of text/event-stream.  For
 * the load generator: replies of moa only, small enough to be kept whole.
 */
#ifndef READER_H
#define READER_H

#include <stdbool.h>
#include <stddef.h>

enum { READER_MAX = 256 * 1024, WORD_MAX = 48 };

struct reader {
	char *in, *body; /* what has come, and what is left of it without chunk sizes; both READER_MAX + 1 */
	size_t in_len, body_len;
	size_t head_len;  /* 0: the head is not complete */
	size_t decoded;	  /* up to where chunks have been taken apart */
	size_t event_at;  /* up to where the body's events have been seen */
	long long length; /* Content-Length; -1: chunked */
	int status;
	bool events;	       /* text/event-stream */
	bool ended;	       /* the reply is complete */
	bool closes;	       /* and the last one of its connection */
	int nevents, ntokens;  /* events seen, and those that carry text */
	int number;	       /* of the last event's id */
	bool done, failed;     /* the last event was `done`; an `error` came */
	const char *fault;     /* why this is no reply at all; NULL */
	char engine[WORD_MAX]; /* who answered */
	char code[WORD_MAX];   /* of the problem, if it is one */
};

/** reader_open(r): Set up ${r}; ends the program without memory. */
void reader_open(struct reader *r);

/** reader_reset(r): For the next reply. */
void reader_reset(struct reader *r);

/** reader_space(r, ret_len): Where to put what comes, and how much fits. */
char *reader_space(struct reader *r, size_t *ret_len);

/** reader_take(r, len): ${len} bytes have been put there.  Look at r->ended and r->fault afterwards. */
void reader_take(struct reader *r, size_t len);

#endif
