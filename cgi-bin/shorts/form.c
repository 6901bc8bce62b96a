/*
 * Forms: parts go to the disk as they come, in a bounded memory.  The upload's row is there before its bytes, so that the limits hold
 * and that what a crash leaves is swept.
 */
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <sodium.h>

#include "append.h"
#include "arena.h"
#include "clock.h"
#include "form.h"
#include "multipart.h"
#include "out.h"
#include "req.h"
#include "resp.h"
#include "shorts.h"
#include "store.h"
#include "text.h"

enum {
	TEXT_MAX = 4096,
	PIECE = 32 * 1024,
	THUMBNAIL_MAX = 5 * 1024 * 1024,
	FORM_MAX = UPLOAD_MAX + THUMBNAIL_MAX + 64 * 1024
};

/* A form that is being read. */
struct reading {
	const struct req *rq;
	struct resp *rs;
	struct multipart *parts;
	int64_t taken;		      /* bytes of the body so far */
	const char *file, *thumbnail; /* names in the store */
	struct form *form;
	struct json_object *texts;
	const char *seen[4]; /* the fields that have come */
	int nseen;
	char *piece;
	crypto_generichash_state hash;
	int64_t renewed_ms; /* clock_ms of when PostgreSQL heard last that somebody writes */
	bool lost;	    /* and that nobody was heard of for too long */
};

/* Tell PostgreSQL that somebody still writes.  What it does not hear while it is down, it may hear the next time. */
static void
renew(struct reading *r)
{
	struct db_result res;

	if (clock_ms() - r->renewed_ms < LEASE_RENEW_MS)
		return;
	if (db_run(r->rq, SHORTS_COUNT_UPLOAD,
		   DB_ARGS(db_text(r->form->upload), db_i64(r->rq, 1), db_i64(r->rq, 0)), &res) == OK)
		r->lost = !db_true(&res, 0, "held");
	r->renewed_ms = clock_ms();
}

/* Bytes of the body for the parser, which ends there when they are too many, or for nothing. */
static int
read_some(void *ctx, void *buf, int len)
{
	struct reading *r = ctx;
	int n = r->taken > FORM_MAX || r->lost ? -1 : req_read(r->rq, buf, len);

	if (n > 0) {
		r->taken += n;
		renew(r);
	}
	return n;
}

/* What has come of the form, for its hash. */
static void
note_bytes(struct reading *r, const char *bytes, size_t len)
{
	crypto_generichash_update(&r->hash, (const unsigned char *)bytes, len);
}

bool
form_is_one(const struct req *rq)
{
	return strncasecmp(req_param(rq, "CONTENT_TYPE"), "multipart/", strlen("multipart/")) == 0;
}

/* A part that is a file, at most max bytes of it, into the store. */
static enum err
take_file(struct reading *r, const char *name, int64_t max, int64_t *ret_size)
{
	int64_t at = 0, size;
	size_t len = 1, written;
	int fd = -1;
	enum err e = store_open(name, &fd, &size);

	while (e == OK && len > 0) {
		e = multipart_read(r->parts, r->piece, PIECE, &len);
		if (e == OK && at + (int64_t)len > max)
			e = ERR_BODY_TOO_LARGE;
		if (e == OK)
			e = store_write(fd, r->piece, len, at, &written);
		if (e == OK)
			note_bytes(r, r->piece, len);
		at += (int64_t)len;
	}
	if (e == OK)
		e = store_sync(fd);
	if (fd >= 0)
		close(fd);
	if (e == OK)
		*ret_size = at;
	return e;
}

/* A part that is text. */
static enum err
take_text(struct reading *r, const char *name)
{
	char *text = arena_alloc(r->rq->arena, TEXT_MAX + 1);
	size_t held = 0, len = 1;

	while (len > 0 && held < TEXT_MAX) {
		enum err e = multipart_read(r->parts, text + held, TEXT_MAX - held, &len);

		if (e)
			return e;
		held += len;
	}
	if (len > 0 || strlen(text) != held || !text_is_utf8(text, held)) {
		resp_fault(r->rs, name, "bad_format", "%s",
			   r->rq->korean ? "너무 길거나 글자가 아니에요." : "Too long, or no text.");
		return ERR_VALIDATION_FAILED;
	}
	note_bytes(r, text, held);
	out_str(r->texts, name, text);
	return OK;
}

/* Note that a field has come, whose value follows; ERR_VALIDATION_FAILED when it is there twice. */
static enum err
note_field(struct reading *r, const char *name)
{
	int i;

	for (i = 0; i < r->nseen; i++)
		if (strcmp(r->seen[i], name) == 0) {
			resp_fault(r->rs, name, "repeated_field", "%s",
				   r->rq->korean ? "한 번만 보내 주세요." : "Must be sent once.");
			return ERR_VALIDATION_FAILED;
		}
	r->seen[r->nseen++] = name;
	note_bytes(r, name, strlen(name) + 1);
	return OK;
}

/* One part, whatever it is. */
static enum err
take_part(struct reading *r, const char *name, bool file)
{
	static const char *const names[] = { "title", "description", "video", "thumbnail" };
	size_t i = 0;
	enum err e;

	while (i < sizeof(names) / sizeof(names[0]) && strcmp(names[i], name) != 0)
		i++;
	if (i == sizeof(names) / sizeof(names[0])) {
		resp_fault(r->rs, name, "unknown_field", "%s",
			   r->rq->korean ? "없는 항목이에요." : "There is no such field.");
		return ERR_VALIDATION_FAILED;
	}
	e = note_field(r, names[i]);
	if (e)
		return e;
	/* curl -F video=surf.mp4 sends the name. */
	if (i >= 2 && !file) {
		resp_fault(r->rs, name, "wrong_type", "%s",
			   r->rq->korean ? "파일로 보내 주세요." : "Must be a file, with a filename.");
		return ERR_VALIDATION_FAILED;
	}
	if (i == 2)
		return take_file(r, r->file, UPLOAD_MAX, &r->form->video);
	if (i == 3)
		return take_file(r, r->thumbnail, THUMBNAIL_MAX, &r->form->thumbnail);
	return take_text(r, names[i]);
}

/* All parts. */
static enum err
take_parts(struct reading *r)
{
	const char *name;
	bool file;
	enum err e;

	for (;;) {
		e = multipart_next(r->parts, &name, &file);
		if (e || !name)
			break;
		e = take_part(r, name, file);
		if (e)
			break;
	}
	/* A full read ended the form, not the client. */
	if (e == ERR_CLIENT_GONE && r->taken > FORM_MAX)
		return ERR_BODY_TOO_LARGE;
	if (r->lost)
		return ERR_UNAVAILABLE;
	if (e == OK && r->form->video == 0) {
		resp_fault(r->rs, "video", "required", "%s",
			   r->rq->korean ? "영상을 보내 주세요." : "A video is needed.");
		return ERR_VALIDATION_FAILED;
	}
	return e;
}

enum err
form_take(const struct req *rq, struct resp *rs, struct form *ret_form)
{
	long long announced = req_length(rq);
	struct reading r = {
		.rq = rq, .rs = rs, .file = store_name(rq), .thumbnail = store_name(rq), .form = ret_form
	};
	struct upload_new new = { .length = announced > 0 && announced < UPLOAD_MAX ? announced : UPLOAD_MAX,
				  .file = r.file,
				  .thumbnail = r.thumbnail,
				  .metadata = "",
				  .writing = true };
	struct db_result row;
	enum err e;

	if (announced > FORM_MAX)
		return ERR_BODY_TOO_LARGE;
	r.parts = multipart_open(rq->arena, req_param(rq, "CONTENT_TYPE"), read_some, &r);
	if (!r.parts)
		return ERR_UNSUPPORTED_MEDIA_TYPE;
	e = upload_new(rq, rs, &new, &row);
	if (e)
		return e;
	*ret_form = (struct form){ .upload = db_str(&row, 0, "id") };
	r.piece = arena_alloc(rq->arena, PIECE);
	r.texts = out_object(rq->arena);
	r.renewed_ms = clock_ms();
	crypto_generichash_init(&r.hash, NULL, 0, sizeof(ret_form->hash));
	e = take_parts(&r);
	if (e) {
		upload_drop(rq, ret_form->upload);
		return e;
	}
	crypto_generichash_final(&r.hash, ret_form->hash, sizeof(ret_form->hash));
	ret_form->texts = out_text(r.texts);
	return OK;
}
