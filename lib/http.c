/*
 * Outgoing HTTP: a call waits in its own thread, on libcurl's multi interface, because curl_easy_perform asks its
 * callbacks only once a second.  What a status or a body means is the caller's business.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "arena.h"
#include "bytes.h"
#include "clock.h"
#include "http.h"
#include "http_handle.h"
#include "log.h"
#include "req.h"
#include "target.h"

/* A handle's buffers are small: there may be a thousand of them. */
enum { CHECK_LEAST_MS = 50, CHECK_MOST_MS = 95, RECEIVE_BYTES = 4096, SEND_BYTES = 16384 };

struct http {
	struct http_handles handles;
};

/* One call under way. */
struct transfer {
	const struct req *rq;
	const struct http_call *call;
	CURL *easy;
	struct bytes body;
	size_t received;
	int attempts;  /* requests curl was about to send */
	int64_t moved; /* bytes seen on the wire, both ways, and when that last changed */
	int64_t moved_ms;
	int64_t asked_ms;     /* when the caller was last asked whether to go on */
	struct http_trace is; /* its fault: why this module ended the call */
	const char *msg;      /* the fault in words; NULL: curl's own */
	bool gone;	      /* the caller ended it */
	bool refused;	      /* an address was not public */
};

struct http *
http_open(void)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	http_handles_init(&h->handles);
	return h;
}

void
http_close(struct http *h)
{
	if (!h)
		return;
	http_handles_release(&h->handles);
	free(h);
}

/* End the call by a fault of our own finding. */
static void
fail(struct transfer *t, enum http_fault fault, const char *msg)
{
	t->is.fault = fault;
	t->msg = msg;
}

static long
status_of(CURL *easy)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* Note when the request is out: curl of this version does not say by itself. */
static void
note_sent(struct transfer *t)
{
	curl_off_t up = 0;
	long sent = 0;

	if (t->is.sent_us)
		return;
	curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
	curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &up);
	if (sent > 0 && up >= (curl_off_t)t->call->body_len)
		t->is.sent_us = clock_us();
}

/* curl has bytes of the reply's body.  Fewer taken than given ends the call. */
static size_t
on_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;

	note_sent(t);
	n *= size;
	t->received += n;
	if (t->received > t->call->reply_max) {
		fail(t, HTTP_FAULT_LARGE, "reply too large");
		return 0;
	}
	if (t->call->on_bytes && status_of(t->easy) / 100 == 2)
		t->gone = !t->call->on_bytes(t->call->ctx, bytes, n);
	else if (!bytes_append(t->rq->arena, &t->body, t->call->reply_max, bytes, n))
		return 0;
	return t->gone ? 0 : n;
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
		fail(t, HTTP_FAULT_CONNECT, "connection closed before the reply");
		return CURL_PREREQFUNC_ABORT;
	}
	return CURL_PREREQFUNC_OK;
}

/* curl has resolved the name and is about to connect to this address; a refusal makes it try the name's next one. */
static curl_socket_t
on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct transfer *t = ctx;

	(void)purpose;
	if (!target_is_public(&to->addr)) {
		t->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static void
public_set(CURL *easy, struct transfer *t)
{
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t);
	/* A kept connection was made for another call, and would not be looked at. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
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
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BYTES);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "moa");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
	if (t->call->public_only)
		public_set(easy, t);
	body_set(easy, t->call);
}

/* Has nothing moved for too long? */
static bool
idle_too_long(struct transfer *t, int64_t now_ms)
{
	curl_off_t down = 0, up = 0;
	long head = 0;
	int64_t moved;

	if (!t->call->idle_ms)
		return false;
	curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
	curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &up);
	curl_easy_getinfo(t->easy, CURLINFO_HEADER_SIZE, &head);
	moved = down + up + head;
	if (moved != t->moved) {
		t->moved = moved;
		t->moved_ms = now_ms;
	}
	return now_ms - t->moved_ms >= t->call->idle_ms;
}

/* Is the call to be given up while it runs?  Not asked more often than is of use: pieces may come by the thousand. */
static bool
give_up(struct transfer *t, int64_t now_ms)
{
	if (idle_too_long(t, now_ms))
		fail(t, HTTP_FAULT_IDLE, "no byte for too long");
	if (t->call->cancelled && now_ms - t->asked_ms >= CHECK_LEAST_MS) {
		t->asked_ms = now_ms;
		t->gone = t->call->cancelled(t->call->ctx);
	}
	return t->gone || t->is.fault;
}

/* How long to wait for bytes before looking again. */
static int
wait_ms(const struct transfer *t, int64_t now_ms)
{
	int64_t ms = t->asked_ms + CHECK_MOST_MS - now_ms;

	return t->call->cancelled && ms >= 0 && ms < CHECK_MOST_MS ? (int)ms : CHECK_MOST_MS;
}

/* Run the call to its end.  CURLE_OK, or curl's own reason unless t has one. */
static CURLcode
perform(struct http_handle *handle, struct transfer *t)
{
	CURLcode code = CURLE_OK;
	CURLMsg *msg;
	int64_t now_ms;
	int running, queued;

	curl_multi_add_handle(handle->multi, handle->easy);
	for (;;) {
		if (curl_multi_perform(handle->multi, &running) != CURLM_OK)
			abort();
		note_sent(t);
		now_ms = clock_ms();
		if (!running || give_up(t, now_ms))
			break;
		curl_multi_poll(handle->multi, NULL, 0, wait_ms(t, now_ms), NULL);
		t->rq->trace->woke_us = clock_us();
	}
	while ((msg = curl_multi_info_read(handle->multi, &queued)) != NULL)
		code = msg->data.result;
	curl_multi_remove_handle(handle->multi, handle->easy);
	return code;
}

/* What curl's reason comes down to. */
static enum http_fault
fault_of(const struct transfer *t, CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_FAULT_DEADLINE;
	case CURLE_UNSUPPORTED_PROTOCOL: /* also HTTP/0.9, which is no answer */
	case CURLE_WEIRD_SERVER_REPLY:
		return HTTP_FAULT_FORMAT;
	default:
		return status_of(t->easy) ? HTTP_FAULT_CUT : HTTP_FAULT_CONNECT;
	}
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
		.body = t->body.at || t->call->on_bytes ? t->body.at : "",
		.body_len = t->body.len,
		.retry_after_s = retry_after > INT_MAX ? INT_MAX : (int)retry_after,
	};
}

static enum err
run(struct http_handle *handle, struct transfer *t, struct http_reply *ret_reply)
{
	struct curl_slist *headers = headers_make(t->rq, t->call);
	CURLcode code;

	call_set(handle->easy, t, headers);
	code = perform(handle, t);
	curl_easy_setopt(handle->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	if (t->gone)
		return ERR_CLIENT_GONE;
	if (!t->is.fault && code != CURLE_OK && t->refused)
		fail(t, HTTP_FAULT_TARGET, "no public address");
	if (!t->is.fault && code != CURLE_OK)
		fail(t, fault_of(t, code), curl_easy_strerror(code));
	if (t->is.fault) {
		log_fault(t->call->url, t->msg);
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
	struct http_handle *handle;
	enum err e = ERR_UNAVAILABLE;

	/* curl takes a timeout of 0 for none. */
	if (clock_left_ms(call->deadline_ms) == 0) {
		fail(&t, HTTP_FAULT_DEADLINE, "no time left");
		log_fault(call->url, t.msg);
	} else {
		handle = http_handle_take(&rq->http->handles);
		t.easy = handle->easy;
		e = run(handle, &t, ret_reply);
		http_handle_give(&rq->http->handles, handle);
	}
	rq->trace->upstream_us += clock_us() - start_us;
	if (call->trace)
		*call->trace = t.is;
	return e;
}
