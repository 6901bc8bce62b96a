/*
 * Targets of others, by IANA's registries of special-purpose addresses (RFC 6890): all that those keep from the internet is
 * refused, and with it a merchant's attempt to have us call ourselves, our databases or a cloud's metadata.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "target.h"

/* IPv4 networks that are not public. */
static const struct {
	uint32_t net;
	int bits;
} special4[] = {
	{ 0x00000000, 8 },  /* 0.0.0.0: this host */
	{ 0x0a000000, 8 },  /* 10.0.0.0: private */
	{ 0x64400000, 10 }, /* 100.64.0.0: shared */
	{ 0x7f000000, 8 },  /* 127.0.0.0: loopback */
	{ 0xa9fe0000, 16 }, /* 169.254.0.0: link-local */
	{ 0xac100000, 12 }, /* 172.16.0.0: private */
	{ 0xc0000000, 24 }, /* 192.0.0.0: protocols */
	{ 0xc0000200, 24 }, /* 192.0.2.0: documentation */
	{ 0xc0586300, 24 }, /* 192.88.99.0: 6to4 relays */
	{ 0xc0a80000, 16 }, /* 192.168.0.0: private */
	{ 0xc6120000, 15 }, /* 198.18.0.0: benchmarks */
	{ 0xc6336400, 24 }, /* 198.51.100.0: documentation */
	{ 0xcb007100, 24 }, /* 203.0.113.0: documentation */
	{ 0xe0000000, 3 },  /* 224.0.0.0 and 240.0.0.0: multicast, reserved, broadcast */
};

/* IPv6: public is 2000::/3, without these. */
static const struct {
	uint32_t net; /* the first 32 bits */
	int bits;
} special6[] = {
	{ 0x20010000, 23 }, /* 2001::/23: protocols, Teredo, ORCHID */
	{ 0x20010db8, 32 }, /* 2001:db8::/32: documentation */
	{ 0x20020000, 16 }, /* 2002::/16: 6to4 */
	{ 0x3fff0000, 20 }, /* 3fff::/20: documentation */
};

/* Names that mean something inside only. */
static const char *const inside[] = { "localhost", "local", "internal", "intranet", "home.arpa" };

static bool
in_net(uint32_t addr, uint32_t net, int bits)
{
	return ((addr ^ net) >> (32 - bits)) == 0;
}

static bool
is_public4(uint32_t addr)
{
	size_t i;

	for (i = 0; i < sizeof(special4) / sizeof(special4[0]); i++)
		if (in_net(addr, special4[i].net, special4[i].bits))
			return false;
	return true;
}

static bool
is_public6(const struct in6_addr *addr)
{
	uint32_t head;
	size_t i;

	memcpy(&head, addr, sizeof(head));
	head = ntohl(head);
	for (i = 0; i < sizeof(special6) / sizeof(special6[0]); i++)
		if (in_net(head, special6[i].net, special6[i].bits))
			return false;
	return in_net(head, 0x20000000, 3);
}

bool
target_is_public(const struct sockaddr *addr)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	if (addr->sa_family == AF_INET) {
		memcpy(&in4, addr, sizeof(in4));
		return is_public4(ntohl(in4.sin_addr.s_addr));
	}
	if (addr->sa_family == AF_INET6) {
		memcpy(&in6, addr, sizeof(in6));
		return is_public6(&in6.sin6_addr);
	}
	return false;
}

/* Is it that name, or one below it? */
static bool
is_below(const char *host, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	if (len < name_len || strncasecmp(host + len - name_len, name, name_len) != 0)
		return false;
	return len == name_len || host[len - name_len - 1] == '.';
}

static bool
is_name_of_inside(const char *host, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		if (is_below(host, len, inside[i]))
			return true;
	return !memchr(host, '.', len);
}

/* A host as curl writes it: a name, an IPv4 address in its one usual form, or an IPv6 address in brackets. */
static bool
is_private_host(const char *host)
{
	size_t len = strlen(host), skip = *host == '[';
	char text[INET6_ADDRSTRLEN] = "";
	struct in6_addr addr6;
	struct in_addr addr4;

	/* The dot that ends a whole name, or the bracket. */
	if (len > 0 && strchr(".]", host[len - 1]))
		len--;
	if (len - skip < sizeof(text))
		memcpy(text, host + skip, len - skip);
	if (skip)
		return inet_pton(AF_INET6, text, &addr6) != 1 || !is_public6(&addr6);
	if (inet_pton(AF_INET, text, &addr4) == 1)
		return !is_public4(ntohl(addr4.s_addr));
	return is_name_of_inside(host, len);
}

static bool
is_visible_ascii(const char *s)
{
	for (; *s; s++)
		if (*s < 0x21 || *s > 0x7e)
			return false;
	return true;
}

static bool
has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

static enum target
judge(CURLU *url)
{
	char *scheme = NULL, *host = NULL;
	enum target is = TARGET_MALFORMED;
	bool plain;

	if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK && !has_part(url, CURLUPART_FRAGMENT)) {
		plain = strcmp(scheme, "http") == 0;
		if (plain || strcmp(scheme, "https") == 0)
			is = is_private_host(host) ? TARGET_PRIVATE : plain ? TARGET_PLAIN : TARGET_FINE;
	}
	curl_free(scheme);
	curl_free(host);
	return is;
}

enum target
target_url(const char *url)
{
	enum target is = TARGET_MALFORMED;
	CURLU *parsed = curl_url();

	if (!parsed)
		abort();
	if (is_visible_ascii(url) &&
	    curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK)
		is = judge(parsed);
	curl_url_cleanup(parsed);
	return is;
}
