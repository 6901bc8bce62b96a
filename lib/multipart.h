/*
 * A form as it comes in (multipart/form-data, RFC 7578): part after part, each read in pieces, in a bounded memory whatever the size.
 *
 * Debian has no library for this that reads by itself: those there are belong to a web server's or a mail program's own streams.
 */
#ifndef MULTIPART_H
#define MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "attr.h"
#include "err.h"

struct arena;
struct multipart;

/* Where the bytes come from: up to ${len} into ${buf}; how many, 0 at the end, -1 when the sender left. */
typedef int multipart_read_fn(void *ctx, void *buf, int len);

/** multipart_open(a, content_type, read, ctx): A form whose Content-Type is ${content_type}; NULL if that is none with a boundary. */
struct multipart *multipart_open(struct arena *a, const char *content_type, multipart_read_fn *read,
				 void *ctx);

/**
 * multipart_next(m, ret_name, ret_file):
 * Go to the next part, over whatever is left of this one.  *${ret_name} is the name of its field, NULL behind the last part;
 * *${ret_file}: it is a file.  Errors: ERR_MALFORMED_REQUEST; ERR_CLIENT_GONE when the form breaks off.
 */
enum err multipart_next(struct multipart *m, const char **ret_name, bool *ret_file) MUST_CHECK;

/** multipart_read(m, buf, size, ret_len): The next bytes of the part, 0 at its end.  Errors: ERR_CLIENT_GONE. */
enum err multipart_read(struct multipart *m, void *buf, size_t size, size_t *ret_len) MUST_CHECK;

#endif
