/* route.c: which path and method find which route, and which paths are refused outright. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "route.h"

static const struct route routes[] = {
	{ GET, "/api/things", NULL, 0, 0 },
	{ POST, "/api/things", NULL, 0, 0 },
	{ GET, "/api/things/mine", NULL, 0, 0 },
	{ GET, "/api/things/:id", NULL, 0, 0 },
	{ DELETE, "/api/things/:id", NULL, 0, 0 },
	{ GET, "/api/things/:id/parts/:part", NULL, 0, 0 },
	{ GET, "/.well-known/jwks.json", NULL, 0, 0 },
	{ 0 },
};

static void
test_found(void **state)
{
	static const struct {
		enum method method;
		int row;
		const char *uri, *arg0, *arg1;
	} cases[] = {
		{ GET, 0, "/api/things", NULL, NULL },
		{ GET, 0, "/api/things?id=1/2%2F", NULL, NULL },
		{ GET, 0, "/api/things?", NULL, NULL },
		{ POST, 1, "/api/things", NULL, NULL },
		{ GET, 2, "/api/things/mine", NULL, NULL },
		{ GET, 2, "/api/things/m%69ne", NULL, NULL },
		{ GET, 3, "/api/things/7", "7", NULL },
		{ GET, 3, "/api/things/%EA%B0%80%20x", "가 x", NULL },
		{ GET, 3, "/api/things/a+b", "a+b", NULL },
		{ GET, 3, "/api/things/%2541", "%41", NULL },
		{ GET, 3, "/api/things/...", "...", NULL },
		{ GET, 3, "/api/things/:id", ":id", NULL },
		{ DELETE, 4, "/api/things/7", "7", NULL },
		{ GET, 5, "/api/things/7/parts/9", "7", "9" },
		{ GET, 6, "/.well-known/jwks.json", NULL, NULL },
	};
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route_match match = { 0 };

		if (route_find(&a, routes, cases[i].method, cases[i].uri, &match) != OK)
			fail_msg("%s is not found", cases[i].uri);
		assert_ptr_equal(match.route, &routes[cases[i].row]);
		if (cases[i].arg0)
			assert_string_equal(match.arg[0], cases[i].arg0);
		else
			assert_null(match.arg[0]);
		if (cases[i].arg1)
			assert_string_equal(match.arg[1], cases[i].arg1);
		else
			assert_null(match.arg[1]);
	}
	arena_free(&a);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *uri;
		enum err e;
	} cases[] = {
		{ "/nothing", ERR_NOT_FOUND },
		{ "/api", ERR_NOT_FOUND },
		{ "/api/thingsx", ERR_NOT_FOUND },
		{ "/API/things", ERR_NOT_FOUND },
		{ "/api/things/7/parts", ERR_NOT_FOUND },
		{ "/api/things/7/parts/9/10", ERR_NOT_FOUND },
		{ "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z", ERR_NOT_FOUND },
		{ "", ERR_MALFORMED_REQUEST },
		{ "*", ERR_MALFORMED_REQUEST },
		{ "api/things", ERR_MALFORMED_REQUEST },
		{ "?x", ERR_MALFORMED_REQUEST },
		{ "http://host/api/things", ERR_MALFORMED_REQUEST },
		{ "//api/things", ERR_MALFORMED_REQUEST },
		{ "/api//things", ERR_MALFORMED_REQUEST },
		{ "/api/things/", ERR_MALFORMED_REQUEST },
		{ "/api/things/.", ERR_MALFORMED_REQUEST },
		{ "/api/things/..", ERR_MALFORMED_REQUEST },
		{ "/api/things/%2e%2E", ERR_MALFORMED_REQUEST },
		{ "/api/../things", ERR_MALFORMED_REQUEST },
		{ "/api/things/a%2Fb", ERR_MALFORMED_REQUEST },
		{ "/api%2fthings", ERR_MALFORMED_REQUEST },
		{ "/api/things/a%00b", ERR_MALFORMED_REQUEST },
		{ "/api/things/%", ERR_MALFORMED_REQUEST },
		{ "/api/things/%4", ERR_MALFORMED_REQUEST },
		{ "/api/things/%zz", ERR_MALFORMED_REQUEST },
		{ "/api/things/%FF", ERR_MALFORMED_REQUEST },
		{ "/api/things/%C0%AF", ERR_MALFORMED_REQUEST },
		{ "/api/things/%ED%A0%80", ERR_MALFORMED_REQUEST },
	};
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route_match match = { 0 };

		if (route_find(&a, routes, GET, cases[i].uri, &match) != cases[i].e)
			fail_msg("%s", cases[i].uri);
		assert_null(match.route);
	}
	arena_free(&a);
}

static void
test_method_not_allowed(void **state)
{
	struct route_match match = { 0 };
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_int_equal(route_find(&a, routes, PUT, "/api/things", &match), ERR_METHOD_NOT_ALLOWED);
	assert_null(match.route);
	assert_string_equal(match.allow, "GET, HEAD, POST, OPTIONS");
	assert_int_equal(route_find(&a, routes, POST, "/api/things/7/parts/9", &match),
			 ERR_METHOD_NOT_ALLOWED);
	assert_string_equal(match.allow, "GET, HEAD, OPTIONS");
	assert_int_equal(route_find(&a, routes, METHOD_UNKNOWN, "/api/things", &match),
			 ERR_METHOD_NOT_ALLOWED);
	/* Two patterns fit; each method is named once. */
	assert_int_equal(route_find(&a, routes, PATCH, "/api/things/mine", &match), ERR_METHOD_NOT_ALLOWED);
	assert_string_equal(match.allow, "GET, HEAD, DELETE, OPTIONS");
	arena_free(&a);
}

static void
test_methods(void **state)
{
	enum method m;

	(void)state;
	for (m = GET; m <= OPTIONS; m++)
		assert_int_equal(route_method(route_method_name(m)), m);
	assert_int_equal(route_method("HEAD"), GET);
	assert_int_equal(route_method("get"), METHOD_UNKNOWN);
	assert_int_equal(route_method("TRACE"), METHOD_UNKNOWN);
	assert_int_equal(route_method(""), METHOD_UNKNOWN);
	assert_int_equal(route_method("-"), METHOD_UNKNOWN);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_method_not_allowed),
		cmocka_unit_test(test_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
