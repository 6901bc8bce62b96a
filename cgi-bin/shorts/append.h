/* Writing a body into the file of an upload, under a lease that somebody newer may take at any time. */
#ifndef APPEND_H
#define APPEND_H

#include <stdint.h>

#include "attr.h"
#include "err.h"

struct req;
struct resp;

/* Who writes says so after so long at most, while bytes come (shorts.upload_silence). */
enum { LEASE_RENEW_MS = 5000 };

/* Somebody's right to write. */
struct lease {
	const char *upload; /* its id */
	const char *file;
	int64_t fence;
	int64_t received; /* bytes that are in the file */
	int64_t length;	  /* bytes that are to be */
};

/**
 * append_begin(rq, rs, upload, at, ret_lease):
 * Take the lease to write from byte ${at} on.  A file that an older writer may still have open is left to it, and a copy of what
 * counts of it takes its place.  Errors: those of shorts.begin_upload, ERR_WRONG_OFFSET with Upload-Offset in the reply;
 * ERR_RATE_LIMITED for too many such copies; store_copy's.
 */
enum err append_begin(const struct req *rq, struct resp *rs, const char *upload, int64_t at,
		      struct lease *ret_lease) MUST_CHECK;

/**
 * append_body(rq, rs, lease, ret_expires):
 * Write the body of ${rq} and count it, each MiB and every few seconds; lease->received is what was counted last.  What has come
 * stays, whatever ends it, and the lease is given back.  *${ret_expires}: for Upload-Expires.  Errors: ERR_CLIENT_GONE when the
 * body ended early; ERR_BODY_TOO_LARGE for more than lease->length, unread where that was announced; ERR_WRONG_OFFSET when a newer writer has the lease,
 * or when the file turns out shorter than was counted; ERR_RATE_LIMITED as above;
 * ERR_UNAVAILABLE when the program is to stop; store_write's, db_run's.
 */
enum err append_body(const struct req *rq, struct resp *rs, struct lease *lease,
		     const char **ret_expires) MUST_CHECK;

#endif
