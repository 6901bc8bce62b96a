/* The digests of RFC 3174 §7.3, and the lengths at which padding takes another block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sha1.h"

static void
digests_of_the_rfc(void **state)
{
	static const struct {
		const char *part, *hex;
		int times;
	} rows[] = {
		{ "", "da39a3ee5e6b4b0d3255bfef95601890afd80709", 1 },
		{ "abc", "a9993e364706816aba3e25717850c26c9cd0d89d", 1 },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "84983e441c3bd26ebaae4aa1f95129e5e54670f1", 1 },
		{ "a", "34aa973cd4c4daa4f61eeb2bdbad27316534016f", 1000000 },
		{ "0123456701234567012345670123456701234567012345670123456701234567",
		  "dea356a2cddd90c7a7ecedc5ebb563934f460452", 10 },
	};
	static char message[1000001];
	char hex[41];
	size_t i, len, part;
	int n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		part = strlen(rows[i].part);
		for (n = 0, len = 0; n < rows[i].times; n++, len += part)
			memcpy(message + len, rows[i].part, part);
		sha1_hex(message, len, hex);
		assert_string_equal(hex, rows[i].hex);
	}
}

static void
lengths_around_a_block(void **state)
{
	static const struct {
		size_t len;
		const char *hex;
	} rows[] = {
		{ 55, "cef734ba81a024479e09eb5a75b6ddae62e6abf1" },
		{ 56, "901305367c259952f4e7af8323f480d59f81335b" },
		{ 63, "0ddc4e0cccd9a12850deb5abb0853a4425559fec" },
		{ 64, "bb2fa3ee7afb9f54c6dfb5d021f14b1ffe40c163" },
		{ 65, "78c741ddc482e4cdf8c474a0876347a0905b6233" },
		{ 119, "4300320394f7ee239bcdce7d3b8bcee173a0cd5c" },
		{ 120, "ceb2821639c4b6dcb10bce0e522ca2e608ce056d" },
	};
	char message[128], hex[41];
	size_t i;

	(void)state;
	memset(message, 'x', sizeof(message));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sha1_hex(message, rows[i].len, hex);
		assert_string_equal(hex, rows[i].hex);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_of_the_rfc),
		cmocka_unit_test(lengths_around_a_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
