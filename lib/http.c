/*
 * Outgoing HTTP: one call at a time per thread, on libcurl's multi interface, because curl_easy_perform asks its
 * callbacks only once a second.  What a status or a body means is the caller's business.
 */
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include <curl/curl.h>

#include "arena.h"
#include "clock.h"
#include "http.h"
#include "log.h"
#include "req.h"

enum { CONNECTIONS = 4, CHECK_MS = 100, BODY_FIRST = 4096 };

/* Made at the first call: a multi handle holds two descriptors, and most threads of most programs never call out. */
struct http {
	CURLM *multi;
	CURL *easy;
};

/* One call under way. */
struct transfer {
	const struct req *rq;
	const struct http_call *call;
	CURL *easy;
	char *body;
	size_t len, size; /* of body: bytes in it, bytes it has room for */
	size_t received;
	int attempts;  /* requests curl was about to send */
	int64_t moved; /* bytes seen on the wire, both ways, and when that last changed */
	int64_t moved_ms;
	const char *fault; /* why this module ended the call; NULL: it did not */
	bool gone;	   /* the caller ended it */
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void
curl_start(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
}

struct http *
http_open(void)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	pthread_once(&curl_once, curl_start);
	return h;
}

void
http_close(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->easy);
	curl_multi_cleanup(h->multi);
	free(h);
}

static void
handles_make(struct http *h)
{
	if (h->easy)
		return;
	h->easy = curl_easy_init();
	h->multi = curl_multi_init();
	if (!h->easy || !h->multi)
		abort();
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS);
}

static void
body_append(struct transfer *t, const char *bytes, size_t len)
{
	char *larger;

	if (t->size - t->len < len + 1) {
		while (t->size - t->len < len + 1)
			t->size = t->size ? 2 * t->size : BODY_FIRST;
		larger = arena_alloc(t->rq->arena, t->size);
		if (t->len)
			memcpy(larger, t->body, t->len);
		t->body = larger;
	}
	memcpy(t->body + t->len, bytes, len);
	t->len += len;
	t->body[t->len] = '\0';
}

static long
status_of(CURL *easy)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* curl has bytes of the reply's body.  Fewer taken than given ends the call. */
static size_t
on_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;

	n *= size;
	if (n > t->call->reply_max - t->received) {
		t->fault = "reply too large";
		return 0;
	}
	t->received += n;
	if (!t->call->on_bytes || status_of(t->easy) / 100 != 2) {
		body_append(t, bytes, n);
	} else if (!t->call->on_bytes(t->call->ctx, bytes, n)) {
		t->gone = true;
		return 0;
	}
	return n;
}

/*
 * curl is about to send the request.  When a kept connection breaks before the reply it does so again by itself, but a
 * POST that went unanswered may have taken effect: whether to repeat it is the caller's decision.
 */
static int
on_send(void *ctx, char *to, char *from, int to_port, int from_port)
{
	struct transfer *t = ctx;

	(void)to, (void)from, (void)to_port, (void)from_port;
	if (t->attempts++ > 0 &&
	    (strcmp(t->call->method, "POST") == 0 || strcmp(t->call->method, "PATCH") == 0)) {
		t->fault = "connection closed before the reply";
		return CURL_PREREQFUNC_ABORT;
	}
	return CURL_PREREQFUNC_OK;
}

static struct curl_slist *
list_add(struct curl_slist *list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(list, line);

	if (!longer)
		abort();
	return longer;
}

/* The caller's headers and ours.  A name without a value takes out the one curl would have added. */
static struct curl_slist *
headers_make(const struct req *rq, const struct http_call *call)
{
	struct curl_slist *list = list_add(list_add(NULL, "Expect:"), "Content-Type:");
	const char *const *line;

	for (line = call->headers; line && *line; line++)
		list = list_add(list, *line);
	if (rq->traceparent)
		list = list_add(list, arena_printf(rq->arena, "traceparent: %s", rq->traceparent));
	return list;
}

static void
body_set(CURL *easy, const struct http_call *call)
{
	bool carries = strcmp(call->method, "POST") == 0 || strcmp(call->method, "PUT") == 0 ||
		       strcmp(call->method, "PATCH") == 0;

	if (call->body || carries) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body ? call->body : "");
	}
	if (strcmp(call->method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
}

static void
call_set(CURL *easy, struct transfer *t, struct curl_slist *headers)
{
	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_URL, t->call->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* Without it the end of a call waits for a name server that does not answer, whatever the deadline. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)clock_left_ms(t->call->deadline_ms));
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "moa");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
	body_set(easy, t->call);
}

/* Has nothing moved for too long? */
static bool
idle_too_long(struct transfer *t)
{
	curl_off_t down = 0, up = 0;
	long head = 0;
	int64_t moved;

	curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
	curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &up);
	curl_easy_getinfo(t->easy, CURLINFO_HEADER_SIZE, &head);
	moved = down + up + head;
	if (moved != t->moved) {
		t->moved = moved;
		t->moved_ms = clock_ms();
	}
	return t->call->idle_ms && clock_ms() - t->moved_ms >= t->call->idle_ms;
}

/* Is the call to be given up while it runs? */
static bool
give_up(struct transfer *t)
{
	if (t->call->cancelled && t->call->cancelled(t->call->ctx))
		t->gone = true;
	else if (idle_too_long(t))
		t->fault = "no byte for too long";
	return t->gone || t->fault;
}

/* Run the call to its end.  CURLE_OK, or curl's own reason unless t has one. */
static CURLcode
perform(struct http *h, struct transfer *t)
{
	CURLcode code = CURLE_OK;
	CURLMsg *msg;
	int running, queued;

	curl_multi_add_handle(h->multi, h->easy);
	for (;;) {
		if (curl_multi_perform(h->multi, &running) != CURLM_OK)
			abort();
		if (!running || give_up(t))
			break;
		curl_multi_poll(h->multi, NULL, 0, CHECK_MS, NULL);
	}
	while ((msg = curl_multi_info_read(h->multi, &queued)) != NULL)
		code = msg->data.result;
	curl_multi_remove_handle(h->multi, h->easy);
	return code;
}

/* Server and port of a URL for the log: paths and queries may hold secrets. */
static void
log_fault(const char *url, const char *fault)
{
	const char *host = strstr(url, "://"), *at;
	size_t len;

	host = host ? host + 3 : url;
	len = strcspn(host, "/?#");
	at = memrchr(host, '@', len);
	if (at) {
		len -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	log_event(LOG_WARN, "http_call", "to=%.*s msg=\"%s\"", (int)len, host, fault);
}

static void
reply_fill(struct transfer *t, struct http_reply *ret_reply)
{
	curl_off_t retry_after = 0;
	const char *type = NULL;

	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after);
	*ret_reply = (struct http_reply){
		.status = (int)status_of(t->easy),
		.type = arena_strdup(t->rq->arena, type ? type : ""),
		.body = t->body || t->call->on_bytes ? t->body : "",
		.body_len = t->len,
		.retry_after_s = retry_after > INT_MAX ? INT_MAX : (int)retry_after,
	};
}

static enum err
run(struct http *h, struct transfer *t, struct http_reply *ret_reply)
{
	struct curl_slist *headers = headers_make(t->rq, t->call);
	CURLcode code;

	call_set(h->easy, t, headers);
	code = perform(h, t);
	curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	if (t->gone)
		return ERR_CLIENT_GONE;
	if (t->fault || code != CURLE_OK) {
		log_fault(t->call->url, t->fault ? t->fault : curl_easy_strerror(code));
		return ERR_UNAVAILABLE;
	}
	reply_fill(t, ret_reply);
	return OK;
}

enum err
http_run(const struct req *rq, const struct http_call *call, struct http_reply *ret_reply)
{
	int64_t start_us = clock_us();
	struct transfer t = { .rq = rq, .call = call, .moved_ms = start_us / 1000 };
	enum err e;

	/* curl takes a timeout of 0 for none. */
	if (clock_left_ms(call->deadline_ms) == 0) {
		log_fault(call->url, "no time left");
		return ERR_UNAVAILABLE;
	}
	handles_make(rq->http);
	t.easy = rq->http->easy;
	e = run(rq->http, &t, ret_reply);
	rq->trace->upstream_us += clock_us() - start_us;
	return e;
}
