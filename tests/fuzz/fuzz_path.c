/* Request lines: "METHOD URI".  The path goes to route_find, the query to fields_query. */
#include "fuzz.h"
#include "request.h"
#include "route.h"

static const struct route routes[] = {
	{ GET, "/api/v1/things", NULL, 0, 0 },
	{ POST, "/api/v1/things", NULL, 0, 0 },
	{ GET, "/api/v1/things/mine", NULL, 0, 0 },
	{ GET, "/api/v1/things/:id", NULL, 0, 0 },
	{ DELETE, "/api/v1/things/:id/parts/:part", NULL, 0, 0 },
	{ GET, "/:a/:b/:c/:d", NULL, 0, 0 },
	{ GET, "/.well-known/jwks.json", NULL, 0, 0 },
	{ 0 },
};

/* An argument is one whole segment that means nothing to a file system or proxy. */
static void
check_args(const struct route_match *match)
{
	const char *colon = match->route->path;
	int i;

	for (i = 0; i < ROUTE_ARGS_MAX; i++) {
		const char *arg = match->arg[i];

		colon = colon ? strstr(colon, "/:") : NULL;
		CHECK((arg != NULL) == (colon != NULL));
		if (!arg)
			continue;
		colon += 2;
		CHECK(*arg && !strchr(arg, '/') && strcmp(arg, ".") != 0 && strcmp(arg, "..") != 0);
		CHECK(text_is_utf8(arg, strlen(arg)));
	}
}

static void
check_route(struct arena *a, enum method method, const char *uri)
{
	struct route_match match = { 0 };
	enum err e = route_find(a, routes, method, uri, &match);

	CHECK(e == OK || e == ERR_MALFORMED_REQUEST || e == ERR_NOT_FOUND || e == ERR_METHOD_NOT_ALLOWED);
	CHECK((e == OK) == (match.route != NULL));
	CHECK((e == OK || e == ERR_METHOD_NOT_ALLOWED) == (match.allow != NULL));
	if (match.route) {
		CHECK(match.route->method == method);
		check_args(&match);
	}
}

static void
check_query(struct request *r, const char *query)
{
	struct input in = { 0 };
	enum err e;

	r->rq.query = query;
	e = fields_query(&r->rq, &r->rs, input_fields, &in);
	CHECK(e == OK || e == ERR_MALFORMED_REQUEST || e == ERR_VALIDATION_FAILED);
	CHECK(e != OK || !r->rs.faults);
	CHECK(e != ERR_VALIDATION_FAILED || r->rs.faults);
	input_check(&in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1), *space, *question;
	struct request r;

	memcpy(line, data, size);
	line[size] = '\0';
	request_begin(&r, 1000);
	space = strchr(line, ' ');
	if (space) {
		*space = '\0';
		check_route(&r.arena, route_method(line), space + 1);
		question = strchr(space + 1, '?');
		if (question)
			check_query(&r, question + 1);
	}
	request_end(&r);
	free(line);
	return 0;
}
