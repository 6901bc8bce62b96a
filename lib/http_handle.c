/* Handles by the stack: making one costs more than most calls. */
#include <stdbool.h>
#include <stdlib.h>

#include "http_handle.h"

/* Connections that a handle keeps. */
enum { CONNECTIONS = 4 };

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void
curl_start(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
}

void
http_handles_init(struct http_handles *h)
{
	*h = (struct http_handles){ .idle = NULL };
	pthread_mutex_init(&h->mutex, NULL);
	pthread_once(&curl_once, curl_start);
}

static struct http_handle *
handle_make(void)
{
	struct http_handle *handle = calloc(1, sizeof(*handle));

	if (!handle)
		abort();
	handle->easy = curl_easy_init();
	handle->multi = curl_multi_init();
	if (!handle->easy || !handle->multi)
		abort();
	curl_multi_setopt(handle->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS);
	return handle;
}

static void
handle_free(struct http_handle *handle)
{
	curl_easy_cleanup(handle->easy);
	curl_multi_cleanup(handle->multi);
	free(handle);
}

struct http_handle *
http_handle_take(struct http_handles *h)
{
	struct http_handle *handle;

	pthread_mutex_lock(&h->mutex);
	handle = h->idle;
	if (handle) {
		h->idle = handle->next;
		h->nidle--;
	}
	pthread_mutex_unlock(&h->mutex);
	return handle ? handle : handle_make();
}

void
http_handle_give(struct http_handles *h, struct http_handle *handle)
{
	bool kept;

	pthread_mutex_lock(&h->mutex);
	kept = h->nidle < HTTP_HANDLES_IDLE_MAX;
	if (kept) {
		handle->next = h->idle;
		h->idle = handle;
		h->nidle++;
	}
	pthread_mutex_unlock(&h->mutex);
	if (!kept)
		handle_free(handle);
}

void
http_handles_release(struct http_handles *h)
{
	struct http_handle *handle, *next;

	for (handle = h->idle; handle; handle = next) {
		next = handle->next;
		handle_free(handle);
	}
	pthread_mutex_destroy(&h->mutex);
}
