/* Forms: what is in them however they are cut into pieces, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "multipart.h"

#define TYPE "multipart/form-data; boundary=X"

/* A body that comes in pieces of so many bytes. */
struct source {
	const char *text;
	size_t len, at, piece;
};

static int
next_piece(void *ctx, void *buf, int len)
{
	struct source *s = ctx;
	size_t n = s->len - s->at;

	if (n > s->piece)
		n = s->piece;
	if (n > (size_t)len)
		n = (size_t)len;
	memcpy(buf, s->text + s->at, n);
	s->at += n;
	return (int)n;
}

/* The form as text, "name=value;", a file's name in brackets; or what is wrong with it. */
static enum err
spell(struct arena *a, const char *type, const char *text, size_t len, size_t piece, char ret_text[512])
{
	struct source source = { text, len, 0, piece };
	struct multipart *m = multipart_open(a, type, next_piece, &source);
	size_t at = 0;

	if (!m)
		return ERR_UNSUPPORTED_MEDIA_TYPE;
	for (;;) {
		const char *name;
		bool file;
		size_t n = 1;
		enum err e = multipart_next(m, &name, &file);

		ret_text[at] = '\0';
		if (e || !name)
			return e;
		at += (size_t)snprintf(ret_text + at, 512 - at, file ? "[%s]=" : "%s=", name);
		while (n > 0) {
			e = multipart_read(m, ret_text + at, 3, &n);
			if (e)
				return e;
			at += n;
		}
		at += (size_t)snprintf(ret_text + at, 512 - at, ";");
	}
}

#define PART(name, value) "--X\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"

static void
forms_are_read_in_any_pieces(void **state)
{
	static const struct {
		const char *text, *meant;
	} cases[] = {
		{ PART("a", "1") "--X--\r\n", "a=1;" },
		{ PART("a", "") PART("b", "2") "--X--", "a=;b=2;" },
		{ "preamble\r\n" PART("a", "\r\n--Y\r\n--\r\n\r") "--X--\r\nepilogue",
		  "a=\r\n--Y\r\n--\r\n\r;" },
		{ "--X  \r\nX-Other: 1\r\ncontent-disposition:form-data;name=v;filename=\"x\\\"; name=y.mp4\"\r\n\r\nbytes\r\n--X--",
		  "[v]=bytes;" },
		{ "--X\r\nContent-Disposition: form-data; name*=no; name=yes\r\n\r\n--X\r\n--X--",
		  "yes=--X;" },
		{ "--X--\r\n", "" },
	};
	char text[512];
	size_t i, piece;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (piece = 1; piece < 40; piece++) {
			struct arena a;

			arena_init(&a);
			assert_int_equal(spell(&a, TYPE, cases[i].text, strlen(cases[i].text), piece, text),
					 OK);
			assert_string_equal(text, cases[i].meant);
			arena_free(&a);
		}
}

static void
what_is_no_form(void **state)
{
	static const struct {
		enum err expected;
		const char *type, *text;
	} cases[] = {
		{ ERR_UNSUPPORTED_MEDIA_TYPE, "multipart/mixed; boundary=X", "" },
		{ ERR_UNSUPPORTED_MEDIA_TYPE, "multipart/form-data", "" },
		{ ERR_UNSUPPORTED_MEDIA_TYPE, "multipart/form-data; boundary=", "" },
		{ ERR_UNSUPPORTED_MEDIA_TYPE, "multipart/form-data; boundary=\"X", "" },
		{ ERR_UNSUPPORTED_MEDIA_TYPE,
		  "multipart/form-data; boundary=01234567890123456789012345678901234567890123456789012345678901234567890",
		  "" },
		{ ERR_CLIENT_GONE, TYPE, "" },
		{ ERR_CLIENT_GONE, TYPE, "no delimiter" },
		{ ERR_CLIENT_GONE, TYPE, PART("a", "1") },
		{ ERR_CLIENT_GONE, TYPE, PART("a", "1") "--X" },
		{ ERR_CLIENT_GONE, TYPE, "--X\r\nContent-Disposition: form-data; name=a\r\n" },
		{ ERR_MALFORMED_REQUEST, TYPE, "--X\r\n\r\nnameless\r\n--X--" },
		{ ERR_MALFORMED_REQUEST, TYPE,
		  "--X\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--X--" },
		{ ERR_MALFORMED_REQUEST, TYPE,
		  "--X\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n--X--" },
		{ ERR_MALFORMED_REQUEST, TYPE,
		  "--X\r\nContent-Disposition: form-data; name=\"a\r\n\r\n\r\n--X--" },
		{ ERR_MALFORMED_REQUEST, TYPE,
		  "--X\r\nContent-Disposition: form-data; name=\xff\r\n\r\n\r\n--X--" },
		{ ERR_MALFORMED_REQUEST, TYPE, "--Xother\r\n\r\n\r\n--X--" },
	};
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena a;
		enum err e;

		arena_init(&a);
		e = spell(&a, cases[i].type, cases[i].text, strlen(cases[i].text), 7, text);
		if (e != cases[i].expected)
			fail_msg("case %zu: %d", i, (int)e);
		arena_free(&a);
	}
}

static void
headers_have_a_ceiling(void **state)
{
	static const char head[] = { '-', '-', 'X', '\r', '\n' };
	static char text[20000];
	char spelled[512];
	struct arena a;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, head, sizeof(head));
	arena_init(&a);
	assert_int_equal(spell(&a, TYPE, text, strlen(text), 1000, spelled), ERR_MALFORMED_REQUEST);
	arena_free(&a);
}

static void
a_large_part_comes_through_a_small_window(void **state)
{
	enum { SIZE = 1000000 };
	static const char head[] = "--X\r\nContent-Disposition: form-data; name=v; filename=v\r\n\r\n",
			  tail[] = "\r\n--X--";
	size_t len = strlen(head) + SIZE + strlen(tail), at = 0, n = 1;
	char *text = malloc(len), *got = malloc(SIZE + 100);
	struct source source = { text, len, 0, 4096 };
	struct multipart *m;
	struct arena a;
	const char *name;
	bool file;
	size_t i;

	(void)state;
	memcpy(text, head, sizeof(head) - 1);
	for (i = 0; i < SIZE; i++)
		text[strlen(head) + i] = "\r\n--XY"[i * 7 % 13 % 6]; /* nearly delimiters, and not one */
	memcpy(text + strlen(head) + SIZE, tail, sizeof(tail) - 1);
	arena_init(&a);
	m = multipart_open(&a, TYPE, next_piece, &source);
	assert_int_equal(multipart_next(m, &name, &file), OK);
	while (n > 0 && at <= SIZE) {
		assert_int_equal(multipart_read(m, got + at, 100, &n), OK);
		at += n;
	}
	assert_int_equal(at, SIZE);
	assert_memory_equal(got, text + strlen(head), SIZE);
	arena_free(&a);
	free(got);
	free(text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_are_read_in_any_pieces),
		cmocka_unit_test(what_is_no_form),
		cmocka_unit_test(headers_have_a_ceiling),
		cmocka_unit_test(a_large_part_comes_through_a_small_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
