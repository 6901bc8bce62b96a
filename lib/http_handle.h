/* curl's handles, one for each call under way, kept between calls with their connections.  For http.c only */
#ifndef HTTP_HANDLE_H
#define HTTP_HANDLE_H

#include <pthread.h>

#include <curl/curl.h>

enum { HTTP_HANDLES_IDLE_MAX = 256 };

/* What one call at a time runs on. */
struct http_handle {
	CURLM *multi;
	CURL *easy;
	struct http_handle *next;
};

/* Idle handles, the one used last first: its connections are the freshest, and few are kept warm by few callers. */
struct http_handles {
	pthread_mutex_t mutex;
	struct http_handle *idle;
	int nidle;
};

/** http_handles_init(h), http_handles_release(h): Begin without any; end, when all that were taken have been given back. */
void http_handles_init(struct http_handles *h);
void http_handles_release(struct http_handles *h);

/** http_handle_take(h): The handle that was given back last, or a new one; never NULL. */
struct http_handle *http_handle_take(struct http_handles *h);

/** http_handle_give(h, handle): Give it back; it is kept unless HTTP_HANDLES_IDLE_MAX are. */
void http_handle_give(struct http_handles *h, struct http_handle *handle);

#endif
