/*
 * SHA-1 (RFC 3174), for one purpose: Redis names scripts by it.  It secures nothing; what must be secure goes through
 * libsodium, which rightly does not have it.
 */
#ifndef SHA1_H
#define SHA1_H

#include <stddef.h>

/** sha1_hex(bytes, len, ret_hex): The SHA-1 of the ${len} bytes at ${bytes}: 40 lower-case hex digits and a NUL. */
void sha1_hex(const void *bytes, size_t len, char ret_hex[41]);

#endif
