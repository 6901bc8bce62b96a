/*
 * Uploads that can be resumed, by the protocol tus 1.0.0 (https://tus.io/protocols/resumable-upload) with its extensions creation,
 * creation-with-upload, expiration and termination.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "append.h"
#include "limit.h"
#include "metadata.h"
#include "out.h"
#include "req.h"
#include "resp.h"
#include "shorts.h"
#include "store.h"
#include "text.h"

#define TUS_VERSION    "1.0.0"
#define TUS_EXTENSIONS "creation,creation-with-upload,expiration,termination"
#define OFFSET_STREAM  "application/offset+octet-stream"

enum { OPEN_MAX = 5, OPEN_WINDOW_S = 24 * 3600 };

/* Creating one is cheap to ask for and costs a row and a file. */
static const struct limit create_limit = { .name = "uploads", .max = 120, .window_s = 3600 };

/* OPTIONS /uploads, /uploads/:id -> 204: what is spoken here, and how much is taken. */
enum err
upload_options(const struct req *rq, struct resp *rs)
{
	(void)rq;
	resp_header(rs, "Tus-Resumable", TUS_VERSION);
	resp_header(rs, "Tus-Version", TUS_VERSION);
	resp_header(rs, "Tus-Extension", TUS_EXTENSIONS);
	resp_header(rs, "Tus-Max-Size", "%d", UPLOAD_MAX);
	return resp_empty(rs);
}

/* Refuse with a detail of its own. */
static enum err
refuse(const struct req *rq, struct resp *rs, enum err e, const char *en, const char *ko)
{
	rs->detail = rq->korean ? ko : en;
	return e;
}

/* Every reply says which version this is; every request has to name it. */
static enum err
take_version(const struct req *rq, struct resp *rs)
{
	resp_header(rs, "Tus-Resumable", TUS_VERSION);
	if (strcmp(req_param(rq, "HTTP_TUS_RESUMABLE"), TUS_VERSION) == 0)
		return OK;
	resp_header(rs, "Tus-Version", TUS_VERSION);
	return ERR_TUS_VERSION;
}

/* A header that is a number, from 0 on; -1 when it is missing or something else. */
static int64_t
header_number(const struct req *rq, const char *param)
{
	const char *text = req_param(rq, param);

	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 18)
		return -1;
	return strtoll(text, NULL, 10);
}

/* The body is to be bytes that follow an offset, and not more of them than fit. */
static enum err
check_body(const struct req *rq, struct resp *rs, int64_t room)
{
	long long announced = req_length(rq);

	if (strcasecmp(req_param(rq, "CONTENT_TYPE"), OFFSET_STREAM) != 0)
		return refuse(rq, rs, ERR_UNSUPPORTED_MEDIA_TYPE,
			      "Send the bytes as Content-Type: application/offset+octet-stream.",
			      "Content-Type: application/offset+octet-stream으로 보내 주세요.");
	if (announced == -2)
		return ERR_MALFORMED_REQUEST;
	return announced > room ? ERR_BODY_TOO_LARGE : OK;
}

/* How much is to come, as a creation announces it. */
static enum err
take_length(const struct req *rq, struct resp *rs, int64_t *ret_length)
{
	int64_t length = header_number(rq, "HTTP_UPLOAD_LENGTH");

	if (*req_param(rq, "HTTP_UPLOAD_DEFER_LENGTH"))
		return refuse(rq, rs, ERR_MALFORMED_REQUEST,
			      "Upload-Defer-Length is not supported: say Upload-Length at once.",
			      "Upload-Defer-Length는 지원하지 않아요. Upload-Length를 보내 주세요.");
	if (length < 1)
		return refuse(rq, rs, ERR_MALFORMED_REQUEST,
			      "Upload-Length has to be the number of bytes to come, at least 1.",
			      "Upload-Length에 올릴 크기(바이트, 1 이상)를 보내 주세요.");
	if (length > UPLOAD_MAX)
		return ERR_BODY_TOO_LARGE;
	if (!metadata_is_valid(req_param(rq, "HTTP_UPLOAD_METADATA")))
		return refuse(
		    rq, rs, ERR_MALFORMED_REQUEST,
		    "Upload-Metadata has to be pairs of a name and base64, with commas between them.",
		    "Upload-Metadata는 이름과 base64 값의 쌍을 쉼표로 이은 것이어야 해요.");
	*ret_length = length;
	return OK;
}

enum err
upload_new(const struct req *rq, struct resp *rs, const struct upload_new *new, struct db_result *ret_row)
{
	int64_t room = store_room();
	enum err e = limit_take(rq, rs, &create_limit, rq->user);

	if (e)
		return e;
	e = db_run(rq, SHORTS_CREATE_UPLOAD,
		   DB_ARGS(db_text(rq->user), db_i64(rq, new->length), db_text(new->file),
			   db_text(new->thumbnail), db_text(new->metadata), db_i64(rq, room),
			   db_bool(new->writing)),
		   ret_row);
	if (e)
		return e;
	if (!db_str(ret_row, 0, "code"))
		return OK;
	e = resp_result(rs, 200, ret_row);
	if (e == ERR_TOO_MANY_UPLOADS)
		resp_rate_limit(rs, "open-uploads", OPEN_MAX, OPEN_WINDOW_S, 0, rs->retry_after_s);
	return e;
}

/* Remove the caller's upload, row and bytes.  Errors: those of shorts.delete_upload. */
static enum err
forget(const struct req *rq, const char *id)
{
	struct db_result row;
	enum err e = db_run(rq, SHORTS_DELETE_UPLOAD, DB_ARGS(db_text(rq->user), db_text(id)), &row);

	if (e)
		return e;
	if (db_str(&row, 0, "code"))
		return err_from_code(db_str(&row, 0, "code"));
	store_remove(db_str(&row, 0, "file"));
	store_remove(db_str(&row, 0, "thumbnail"));
	return OK;
}

void
upload_drop(const struct req *rq, const char *id)
{
	/* What cannot be removed now is swept, for its lease is not renewed. */
	enum err e = forget(rq, id);

	(void)e;
}

/* Where an upload is after bytes have come, or none. */
static enum err
reply_progress(struct resp *rs, int status, int64_t offset, const char *expires)
{
	resp_header(rs, "Upload-Offset", "%lld", (long long)offset);
	resp_header(rs, "Upload-Expires", "%s", expires);
	return resp_bytes(rs, status, NULL, "", 0);
}

/*
 * POST /uploads, Upload-Length, Upload-Metadata?, and perhaps the first bytes -> 201 with Location, Upload-Offset, Upload-Expires;
 * 403 account_blocked, 412, 413, 415, 429 too_many_uploads with five open ones, 507 storage_full; on failure nothing is left.
 */
enum err
upload_create(const struct req *rq, struct resp *rs)
{
	struct upload_new new = { .metadata = req_param(rq, "HTTP_UPLOAD_METADATA"),
				  .writing = *req_param(rq, "CONTENT_TYPE") && req_length(rq) != 0 };
	struct lease lease = { .fence = 1 };
	const char *expires;
	struct db_result row;
	enum err e = take_version(rq, rs);

	if (e == OK)
		e = take_length(rq, rs, &new.length);
	if (e == OK && (new.writing || req_length(rq) > 0))
		e = check_body(rq, rs, new.length);
	if (e)
		return e;
	new.file = store_name(rq);
	e = upload_new(rq, rs, &new, &row);
	if (e)
		return e;
	expires = db_str(&row, 0, "expires");
	lease.upload = db_str(&row, 0, "id");
	lease.file = new.file;
	lease.length = new.length;
	if (new.writing)
		e = append_body(rq, rs, &lease, &expires);
	if (e) {
		upload_drop(rq, lease.upload);
		return e;
	}
	resp_header(rs, "Location", "/api/v1/shorts/uploads/%s", lease.upload);
	return reply_progress(rs, 201, lease.received, expires);
}

/* PATCH /uploads/:id, Upload-Offset and the bytes from there on -> 204 with Upload-Offset; 409 wrong_offset, 410 upload_expired. */
enum err
upload_append(const struct req *rq, struct resp *rs)
{
	int64_t at = header_number(rq, "HTTP_UPLOAD_OFFSET");
	const char *expires = NULL;
	struct lease lease;
	enum err e = take_version(rq, rs);

	if (e == OK)
		e = check_body(rq, rs, UPLOAD_MAX);
	if (e)
		return e;
	if (at < 0)
		return refuse(rq, rs, ERR_MALFORMED_REQUEST,
			      "Upload-Offset has to say where in the video the bytes belong.",
			      "Upload-Offset에 이어 올릴 위치를 보내 주세요.");
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = append_begin(rq, rs, rq->arg[0], at, &lease);
	if (e)
		return e;
	e = append_body(rq, rs, &lease, &expires);
	return e ? e : reply_progress(rs, 204, lease.received, expires);
}

/* GET and HEAD /uploads/:id -> 200 {id, offset, length, filename, filetype, expires_at}, and the same in headers; 410 upload_expired. */
enum err
upload_show(const struct req *rq, struct resp *rs)
{
	struct json_object *reply = out_object(rq->arena);
	const char *metadata;
	struct db_result row;
	enum err e = take_version(rq, rs);

	if (e)
		return e;
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, SHORTS_SHOW_UPLOAD, DB_ARGS(db_text(rq->user), db_text(rq->arg[0])), &row);
	if (e)
		return e;
	if (db_str(&row, 0, "code"))
		return err_from_code(db_str(&row, 0, "code"));
	metadata = db_str(&row, 0, "metadata");
	resp_header(rs, "Upload-Length", "%s", db_str(&row, 0, "length"));
	if (*metadata)
		resp_header(rs, "Upload-Metadata", "%s", metadata);
	reply_progress(rs, 200, db_num(&row, 0, "received"), db_str(&row, 0, "expires"));
	out_str(reply, "id", rq->arg[0]);
	out_num(reply, "offset", db_num(&row, 0, "received"));
	out_num(reply, "length", db_num(&row, 0, "length"));
	out_str(reply, "filename", metadata_get(rq->arena, metadata, "filename"));
	out_str(reply, "filetype", metadata_get(rq->arena, metadata, "filetype"));
	out_str(reply, "expires_at", db_str(&row, 0, "expires_at"));
	return resp_json(rs, 200, reply);
}

/* DELETE /uploads/:id -> 204, row and bytes are gone; 409 upload_handed_in. */
enum err
upload_delete(const struct req *rq, struct resp *rs)
{
	enum err e = take_version(rq, rs);

	if (e)
		return e;
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = forget(rq, rq->arg[0]);
	return e ? e : resp_empty(rs);
}
