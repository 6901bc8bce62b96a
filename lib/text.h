/* Small questions about text: UTF-8 (RFC 3629), percent-encoding (RFC 3986), hex and base64url (RFC 4648). */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "attr.h"
#include "err.h"

struct arena;

/** text_is_utf8(bytes, len): Are the bytes well-formed UTF-8 (no overlong forms, no surrogates)? */
bool text_is_utf8(const char *bytes, size_t len);

/** text_length(s): Unicode characters in ${s}, which is UTF-8. */
size_t text_length(const char *s);

/** text_cut(a, s, max): The first of ${s}, which is UTF-8, in at most ${max} bytes, without a part of a character at its end. */
const char *text_cut(struct arena *a, const char *s, size_t max);

/** text_has_controls(s, multiline): Is a character of U+0000-001F, U+007F-009F in ${s}?  ${multiline} lets tab and line feed pass. */
bool text_has_controls(const char *s, bool multiline);

/** text_decode(a, s, len, plus, ret_s): Undo percent-encoding once; ${plus} turns '+' into a space.  ERR_MALFORMED_REQUEST for bad escapes, %00 and what is not UTF-8 afterwards. */
enum err text_decode(struct arena *a, const char *s, size_t len, bool plus, char **ret_s) MUST_CHECK;

/** text_is_uuid(s): 8-4-4-4-12 hex digits? */
bool text_is_uuid(const char *s);

/**
 * text_is_email(s):
 * An address as <input type="email"> takes it, at most 254 bytes; the domain has a dot, and before the @ dots stand
 * between other characters.  Quoted local parts are not.
 */
bool text_is_email(const char *s);

/** text_is_date(s): YYYY-MM-DD, a day that the Gregorian calendar has, in the years 1 to 9999? */
bool text_is_date(const char *s);

/** text_uuid(ret_uuid): A random UUID (version 4), 36 characters and a NUL. */
void text_uuid(char ret_uuid[37]);

/** text_base64url(a, bytes, len): The ${len} bytes in base64url without padding. */
char *text_base64url(struct arena *a, const void *bytes, size_t len);

/**
 * text_unbase64url(s, len, buf, size, ret_len):
 * Undo it: the ${len} characters at ${s} become *${ret_len} bytes at ${buf}, which has room for ${size}.  False if they do
 * not fit or are not canonical: padding, any other character, or stray bits at the end.
 */
bool text_unbase64url(const char *s, size_t len, void *buf, size_t size, size_t *ret_len) MUST_CHECK;

/** text_token(a, nbytes): ${nbytes} random bytes in base64url without padding. */
char *text_token(struct arena *a, size_t nbytes);

#endif
