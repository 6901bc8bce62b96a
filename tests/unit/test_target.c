/* Targets of others: every way to write an address of the inside, and addresses beside each special network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "target.h"

static bool
is_public(const char *text)
{
	struct sockaddr_storage addr = { .ss_family = strchr(text, ':') ? AF_INET6 : AF_INET };
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (addr.ss_family == AF_INET) {
		assert_int_equal(inet_pton(AF_INET, text, &in4.sin_addr), 1);
		memcpy(&addr, &in4, sizeof(in4));
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
		memcpy(&addr, &in6, sizeof(in6));
	}
	return target_is_public((const struct sockaddr *)&addr);
}

static void
test_addresses_of_the_inside(void **state)
{
	static const char *const texts[] = {
		"0.0.0.0",
		"0.255.255.255",
		"10.0.0.0",
		"10.255.255.255",
		"100.64.0.0",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.255.255",
		"169.254.0.0",
		"169.254.169.254",
		"172.16.0.0",
		"172.31.255.255",
		"192.0.0.0",
		"192.0.2.255",
		"192.88.99.1",
		"192.168.0.0",
		"192.168.255.255",
		"198.18.0.0",
		"198.19.255.255",
		"198.51.100.7",
		"203.0.113.7",
		"224.0.0.1",
		"239.255.255.255",
		"240.0.0.0",
		"255.255.255.255",
		"::",
		"::1",
		"::127.0.0.1",
		"::ffff:10.0.0.1",
		"::ffff:8.8.8.8",
		"64:ff9b::a00:1",
		"100::1",
		"2001::1",
		"2001:1ff:ffff::",
		"2001:db8::1",
		"2002:7f00:1::",
		"3fff::1",
		"4000::",
		"fc00::1",
		"fdff::1",
		"fe80::1",
		"febf::1",
		"fec0::1",
		"ff02::1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (is_public(texts[i]))
			fail_msg("%s", texts[i]);
}

static void
test_addresses_beside_them(void **state)
{
	static const char *const texts[] = {
		"1.0.0.0",	   "9.255.255.255",  "11.0.0.0",     "100.63.255.255", "100.128.0.0",
		"126.255.255.255", "128.0.0.0",	     "169.253.0.1",  "169.255.0.0",    "172.15.255.255",
		"172.32.0.0",	   "192.0.1.0",	     "192.0.3.0",    "192.88.98.1",    "192.167.255.255",
		"192.169.0.0",	   "198.17.255.255", "198.20.0.0",   "198.51.99.255",  "203.0.112.255",
		"223.255.255.255", "2000::1",	     "2001:200::1",  "2001:db7::1",    "2001:db9::1",
		"2003::1",	   "2606:4700::1",   "3ffe:ffff::1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!is_public(texts[i]))
			fail_msg("%s", texts[i]);
}

static void
test_other_families(void **state)
{
	const struct sockaddr_un local = { .sun_family = AF_UNIX };

	(void)state;
	assert_false(target_is_public((const struct sockaddr *)&local));
}

static void
test_urls(void **state)
{
	static const struct {
		const char *url;
		enum target is;
	} rows[] = {
		{ "https://shop.example/hooks?x=1", TARGET_FINE },
		{ "https://shop.example:8443", TARGET_FINE },
		{ "https://8.8.8.8/", TARGET_FINE },
		{ "https://[2606:4700::1]:444/", TARGET_FINE },
		{ "HTTPS://SHOP.EXAMPLE/", TARGET_FINE },
		{ "http://shop.example/", TARGET_PLAIN },
		{ "", TARGET_MALFORMED },
		{ "shop.example/hooks", TARGET_MALFORMED },
		{ "ftp://shop.example/", TARGET_MALFORMED },
		{ "file:///etc/passwd", TARGET_MALFORMED },
		{ "gopher://shop.example/", TARGET_MALFORMED },
		{ "https://", TARGET_MALFORMED },
		{ "https:///hooks", TARGET_PRIVATE },
		{ "https://shop.example:99999/", TARGET_MALFORMED },
		{ "https://user@shop.example/", TARGET_MALFORMED },
		{ "https://user:word@shop.example/", TARGET_MALFORMED },
		{ "https://shop.example/#part", TARGET_MALFORMED },
		{ "https://shop.example/a b", TARGET_MALFORMED },
		{ "https://shop.example/\xea\xb0\x80", TARGET_MALFORMED },
		{ "https://shop.example/\r\nX: y", TARGET_MALFORMED },
		{ "https://127.0.0.1/", TARGET_PRIVATE },
		{ "http://127.0.0.1/", TARGET_PRIVATE },
		{ "https://127.1/", TARGET_PRIVATE },
		{ "https://0x7f000001/", TARGET_PRIVATE },
		{ "https://2130706433/", TARGET_PRIVATE },
		{ "https://017700000001/", TARGET_PRIVATE },
		{ "https://127.0.0.1./", TARGET_PRIVATE },
		{ "https://0/", TARGET_PRIVATE },
		{ "https://169.254.169.254/latest/meta-data", TARGET_PRIVATE },
		{ "https://[::1]/", TARGET_PRIVATE },
		{ "https://[::ffff:127.0.0.1]/", TARGET_PRIVATE },
		{ "https://[fe80::1%25eth0]/", TARGET_PRIVATE },
		{ "https://localhost/", TARGET_PRIVATE },
		{ "https://LocalHost./", TARGET_PRIVATE },
		{ "https://db.localhost/", TARGET_PRIVATE },
		{ "https://printer.local/", TARGET_PRIVATE },
		{ "https://metadata.google.internal/", TARGET_PRIVATE },
		{ "https://postgres/", TARGET_PRIVATE },
		{ "https://%6cocalhost/", TARGET_PRIVATE },
		{ "https://./", TARGET_PRIVATE },
		{ "https://notlocalhost.example/", TARGET_FINE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (target_url(rows[i].url) != rows[i].is)
			fail_msg("%s: %d", rows[i].url, target_url(rows[i].url));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_of_the_inside),
		cmocka_unit_test(test_addresses_beside_them),
		cmocka_unit_test(test_other_families),
		cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
