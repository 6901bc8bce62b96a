/* A short in one form, for clients that cannot resume: title, description, video, thumbnail. */
#ifndef FORM_H
#define FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"

struct req;
struct resp;

/* What has come in a form. */
struct form {
	const char *upload;	  /* the id of the upload that the bytes became */
	const char *texts;	  /* the other fields, as a JSON object */
	int64_t video, thumbnail; /* bytes of each; 0: there was none */
	unsigned char hash[32];	  /* of all the fields, in their order */
};

/** form_is_one(rq): Is the body of ${rq} a form? */
bool form_is_one(const struct req *rq);

/**
 * form_take(rq, rs, ret_form):
 * Read it, its files into an upload of the caller's.  On failure nothing is left.  Errors: upload_new's; ERR_MALFORMED_REQUEST;
 * ERR_BODY_TOO_LARGE; ERR_VALIDATION_FAILED for a field that there is not, is twice or too long; ERR_CLIENT_GONE; ERR_UNAVAILABLE when
 * the upload was taken for forgotten meanwhile; the storage's.
 */
enum err form_take(const struct req *rq, struct resp *rs, struct form *ret_form) MUST_CHECK;

#endif
