/* Where calls may go when others have named the URL: what is inside must not be reached through us */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>

struct sockaddr;

enum target {
	TARGET_FINE,
	TARGET_MALFORMED, /* no http or https URL in ASCII, or one with a user or a fragment */
	TARGET_PRIVATE, /* its host is a special address, or a name of the inside: localhost, x.internal, no dot */
	TARGET_PLAIN, /* http */
};

/**
 * target_url(url):
 * What the URL is by its form: the worst of it, TARGET_MALFORMED first.  What its name resolves to is not asked: that may be
 * something else at the next call, so every connection is looked at (http_call.public_only).
 */
enum target target_url(const char *url);

/**
 * target_is_public(addr):
 * Is this an IPv4 or IPv6 address that the internet routes?  Loopback, private, link-local, shared, multicast, reserved and
 * documentation addresses are not, nor are IPv6 forms that carry an IPv4 address (mapped, NAT64, 6to4, Teredo).
 */
bool target_is_public(const struct sockaddr *addr);

#endif
