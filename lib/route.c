/* Routes: a linear scan over the program's table, one segment at a time. */
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "route.h"
#include "text.h"

enum { SEGMENTS_MAX = 16 };

static const char *const method_names[] = {
	[METHOD_UNKNOWN] = "-", [GET] = "GET",	     [POST] = "POST",	    [PUT] = "PUT",
	[PATCH] = "PATCH",	[DELETE] = "DELETE", [OPTIONS] = "OPTIONS",
};

/* The decoded segments of one path. */
struct segments {
	int n;
	const char *at[SEGMENTS_MAX];
};

enum method
route_method(const char *name)
{
	int m;

	if (strcmp(name, "HEAD") == 0)
		return GET;
	for (m = GET; m <= OPTIONS; m++)
		if (strcmp(name, method_names[m]) == 0)
			return (enum method)m;
	return METHOD_UNKNOWN;
}

const char *
route_method_name(enum method m)
{
	return method_names[m];
}

/* "..", "." and "" have meanings elsewhere (proxies, file systems); a decoded slash would be one segment here and two there. */
static enum err
segment_decode(struct arena *a, const char *raw, size_t len, const char **ret_segment)
{
	char *segment;
	enum err e = text_decode(a, raw, len, false, &segment);

	if (e)
		return e;
	if (!*segment || strchr(segment, '/') || strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0)
		return ERR_MALFORMED_REQUEST;
	*ret_segment = segment;
	return OK;
}

static enum err
path_split(struct arena *a, const char *uri, struct segments *ret_path)
{
	struct segments path = { 0 };
	const char *at = uri, *end = uri + strcspn(uri, "?#");

	if (*at != '/')
		return ERR_MALFORMED_REQUEST;
	while (at < end) {
		size_t len = strcspn(at + 1, "/?#");
		enum err e;

		if (path.n == SEGMENTS_MAX)
			return ERR_NOT_FOUND;
		e = segment_decode(a, at + 1, len, &path.at[path.n++]);
		if (e)
			return e;
		at += 1 + len;
	}
	*ret_path = path;
	return OK;
}

/* How many ":x" segments the pattern has, if it matches all of path, and what they stand for; -1 if it does not. */
static int
pattern_matches(const char *pattern, const struct segments *path, const char *ret_arg[ROUTE_ARGS_MAX])
{
	const char *arg[ROUTE_ARGS_MAX] = { 0 };
	int nargs = 0, i;

	for (i = 0; *pattern == '/'; i++) {
		size_t len = strcspn(pattern + 1, "/");

		if (i == path->n)
			return -1;
		if (pattern[1] == ':' && nargs < ROUTE_ARGS_MAX)
			arg[nargs++] = path->at[i];
		else if (strlen(path->at[i]) != len || strncmp(path->at[i], pattern + 1, len) != 0)
			return -1;
		pattern += 1 + len;
	}
	if (i != path->n)
		return -1;
	memcpy(ret_arg, arg, sizeof(arg));
	return nargs;
}

/* The methods whose bits are set, as the Allow header lists them. */
static const char *
allow_list(struct arena *a, unsigned methods)
{
	const char *list = NULL;
	int m;

	for (m = GET; m <= OPTIONS; m++) {
		const char *name = m == GET ? "GET, HEAD" : method_names[m];

		if (methods & 1u << m)
			list = list ? arena_printf(a, "%s, %s", list, name) : name;
	}
	return list;
}

enum err
route_find(struct arena *a, const struct route *routes, enum method method, const char *uri,
	   struct route_match *ret_match)
{
	struct route_match match = { 0 };
	struct segments path;
	const struct route *route;
	unsigned methods = 0;		/* of all rows whose pattern fits: two patterns may fit one path */
	int least = ROUTE_ARGS_MAX + 1; /* ":x" in the best of them so far: "/feed" comes before "/:id" */
	enum err e = path_split(a, uri, &path);

	if (e)
		return e;
	for (route = routes; route->path; route++) {
		const char *arg[ROUTE_ARGS_MAX];
		int nargs = pattern_matches(route->path, &path, arg);

		if (nargs < 0)
			continue;
		methods |= 1u << route->method;
		if (route->method == method && nargs < least) {
			least = nargs;
			match.route = route;
			memcpy(match.arg, arg, sizeof(arg));
		}
	}
	if (methods)
		match.allow = allow_list(a, methods | 1u << OPTIONS);
	*ret_match = match;
	if (match.route)
		return OK;
	return match.allow ? ERR_METHOD_NOT_ALLOWED : ERR_NOT_FOUND;
}
