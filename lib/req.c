/* Reading a request: FastCGI parameters into the fields of struct req, and its body under a ceiling. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <fcgiapp.h>

#include "arena.h"
#include "clock.h"
#include "req.h"
#include "text.h"

enum {
	ID_MAX = 64,
	USER_AGENT_MAX = 200,
	READ_STEP = 8192,
	BODY_MS = 20000 /* for a whole body; it is a small one, but from a phone */
};

const char *
req_param(const struct req *rq, const char *name)
{
	const char *value = FCGX_GetParam(name, rq->fcgi->envp);

	return value ? value : "";
}

/* The client's X-Request-Id if it is safe to echo and log, else a new one. */
static const char *
read_id(const struct req *rq)
{
	const char *id = req_param(rq, "HTTP_X_REQUEST_ID");
	size_t len = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	if (len > 0 && len <= ID_MAX && !id[len])
		return id;
	return text_token(rq->arena, 12);
}

/* Does text begin with n lower-case hex digits, not all zero, and then the byte end? */
static bool
is_hex_id(const char *text, size_t n, char end)
{
	return strspn(text, "0123456789abcdef") == n && strspn(text, "0") < n && text[n] == end;
}

/* W3C Trace Context §3.2: 00-<trace>-<parent>-<flags>. */
static const char *
read_traceparent(const struct req *rq)
{
	const char *t = req_param(rq, "HTTP_TRACEPARENT");

	if (strncmp(t, "00-", 3) == 0 && is_hex_id(t + 3, 32, '-') && is_hex_id(t + 36, 16, '-') &&
	    strspn(t + 53, "0123456789abcdef") == 2 && !t[55])
		return t;
	return NULL;
}

/* The client's description of itself goes into lists that people read: cut, and only if it is text. */
static const char *
read_user_agent(const struct req *rq)
{
	const char *agent = text_cut(rq->arena, req_param(rq, "HTTP_USER_AGENT"), USER_AGENT_MAX);

	return text_is_utf8(agent, strlen(agent)) && !text_has_controls(agent, false) ? agent : "";
}

/* The weight (RFC 9110 §12.4.2) in the len bytes of a list element, in thousandths; none is 1000, one that is no number 0. */
static int
element_weight(const char *element, size_t len)
{
	const char *q = memmem(element, len, "q=", 2);
	int weight = 0, unit;

	if (!q)
		return 1000;
	q += 2;
	if (*q == '1')
		return 1000;
	if (strncmp(q, "0.", 2) != 0)
		return 0;
	q += 2;
	for (unit = 100; unit > 0 && *q >= '0' && *q <= '9'; unit /= 10)
		weight += (*q++ - '0') * unit;
	return weight;
}

/* The weight of the two-letter language in an Accept-Language list (RFC 9110 §12.5.4), 0 when it is not there. */
static int
language_weight(const char *list, const char *language)
{
	int best = 0;

	while (*list) {
		size_t len;

		list += strspn(list, ", \t");
		len = strcspn(list, ",");
		if (strncasecmp(list, language, 2) == 0 && !isalpha((unsigned char)list[2])) {
			int weight = element_weight(list, len);

			if (weight > best)
				best = weight;
		}
		list += len;
	}
	return best;
}

void
req_open(struct req *rq, struct FCGX_Request *fcgi)
{
	const char *uri, *question, *origin, *languages;

	rq->fcgi = fcgi;
	uri = req_param(rq, "REQUEST_URI");
	question = strchr(uri, '?');
	rq->path = question ? arena_strndup(rq->arena, uri, (size_t)(question - uri)) : uri;
	rq->query = question ? question + 1 : "";
	rq->method = route_method(req_param(rq, "REQUEST_METHOD"));
	rq->id = read_id(rq);
	rq->traceparent = read_traceparent(rq);
	rq->address = req_param(rq, "REMOTE_ADDR");
	rq->user_agent = read_user_agent(rq);
	rq->accept = req_param(rq, "HTTP_ACCEPT");
	rq->cookie = req_param(rq, "HTTP_COOKIE");
	rq->host = req_param(rq, "HTTP_HOST");
	origin = req_param(rq, "HTTP_ORIGIN");
	rq->origin = *origin ? origin : NULL;
	rq->https = strcmp(req_param(rq, "REQUEST_SCHEME"), "https") == 0 || *req_param(rq, "HTTPS");
	languages = req_param(rq, "HTTP_ACCEPT_LANGUAGE");
	rq->korean = language_weight(languages, "ko") > language_weight(languages, "en");
}

long long
req_length(const struct req *rq)
{
	const char *text = req_param(rq, "CONTENT_LENGTH");
	char *end;
	long long n;

	if (!*text)
		return -1;
	n = strtoll(text, &end, 10);
	return *end || n < 0 ? -2 : n;
}

enum err
req_take_body(struct req *rq, size_t max)
{
	long long announced = req_length(rq);
	size_t size = announced >= 0 ? (size_t)announced + 1 : READ_STEP, len = 0;
	int64_t until_ms = clock_ms() + BODY_MS;
	char *body;
	int n;

	if (announced == -2)
		return ERR_MALFORMED_REQUEST;
	if (announced > (long long)max)
		return ERR_BODY_TOO_LARGE;
	body = arena_alloc(rq->arena, size + 1);
	/* One byte more than announced is asked for: a longer body is met instead of cut. */
	while ((n = req_read(rq, body + len, (int)(size - len))) > 0) {
		if (clock_left_ms(until_ms) == 0)
			return ERR_CLIENT_GONE;
		len += (size_t)n;
		if (len > max)
			return ERR_BODY_TOO_LARGE;
		if (len == size) {
			char *larger = arena_alloc(rq->arena, size * 2 + 1);

			memcpy(larger, body, len);
			body = larger;
			size *= 2;
		}
	}
	if (n < 0)
		return ERR_CLIENT_GONE;
	if (announced >= 0 && len != (size_t)announced)
		return ERR_MALFORMED_REQUEST;
	rq->body = len > 0 ? body : NULL;
	rq->body_len = len;
	return OK;
}

int
req_read(const struct req *rq, void *buf, int len)
{
	FCGX_Stream *in = rq->fcgi->in;
	int first = FCGX_GetChar(in), there;

	if (first == EOF)
		return FCGX_GetError(in) == 0 ? 0 : -1;
	*(unsigned char *)buf = (unsigned char)first;
	/* FCGX_GetStr waits until it has all it is asked for: ask for what is there. */
	there = (int)(in->stop - in->rdNext);
	return 1 + FCGX_GetStr((char *)buf + 1, there < len ? there : len - 1, in);
}

const char *
req_cookie(const struct req *rq, const char *name)
{
	const char *at = rq->cookie;
	size_t want = strlen(name);

	while (*at) {
		size_t len;

		at += strspn(at, "; \t");
		len = strcspn(at, ";");
		if (len > want && strncmp(at, name, want) == 0 && at[want] == '=')
			return arena_strndup(rq->arena, at + want + 1, len - want - 1);
		at += len;
	}
	return NULL;
}

bool
req_accepts(const struct req *rq, const char *type)
{
	const char *at = rq->accept;
	size_t want = strlen(type);

	while (*at) {
		size_t len;

		at += strspn(at, ", \t");
		len = strcspn(at, ",; \t");
		if (len == want && strncasecmp(at, type, want) == 0)
			return true;
		at += strcspn(at, ",");
	}
	return false;
}

const char *
req_network(const struct req *rq)
{
	enum { NETWORK_BYTES = 8 };
	struct in6_addr in6;
	char text[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET6, rq->address, &in6) != 1)
		return rq->address;
	if (IN6_IS_ADDR_V4MAPPED(&in6))
		return arena_strdup(rq->arena, inet_ntop(AF_INET, &in6.s6_addr[12], text, sizeof(text)));
	memset(&in6.s6_addr[NETWORK_BYTES], 0, sizeof(in6) - NETWORK_BYTES);
	return arena_printf(rq->arena, "%s/64", inet_ntop(AF_INET6, &in6, text, sizeof(text)));
}
