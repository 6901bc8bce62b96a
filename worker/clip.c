/* Reading ffprobe's JSON, and judging it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "arena.h"
#include "clip.h"
#include "json.h"

enum { SIDE_MIN = 16, SIDE_MAX = 4096, SHORT_SIDE_MAX = 720 };

/* Of pictures that move, what studio.c has decoders for. */
static const char *const codecs[] = {
	"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "h263", "mjpeg", "prores"
};

static struct json_object *
member(struct json_object *object, const char *name)
{
	return object ? json_object_object_get(object, name) : NULL;
}

static bool
is_known(const char *codec)
{
	size_t i;

	for (i = 0; codec && i < sizeof(codecs) / sizeof(codecs[0]); i++)
		if (strcmp(codec, codecs[i]) == 0)
			return true;
	return false;
}

/* Seconds with decimals, as text; 0 when there is nothing of the kind. */
static int64_t
duration_ms(struct json_object *object)
{
	const char *text = json_member_text(object, "duration");
	double s = text ? strtod(text, NULL) : 0;

	return s > 0 && s < 1e9 ? (int64_t)(s * 1000 + 0.5) : 0;
}

/* By how many degrees it is turned, in one of the two places where that may stand. */
static long
rotation(struct json_object *stream)
{
	struct json_object *list = member(stream, "side_data_list");
	const char *tag = json_member_text(member(stream, "tags"), "rotate");
	size_t i, n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (i = 0; i < n; i++) {
		struct json_object *data = json_object_array_get_idx(list, i);

		if (member(data, "rotation"))
			return json_member_i64(data, "rotation", 0);
	}
	return tag ? strtol(tag, NULL, 10) : 0;
}

/* Pixels that are not square: the longer side of one is made shorter, so that nothing grows. */
static void
square_pixels(struct json_object *stream, struct clip *clip)
{
	const char *ratio = json_member_text(stream, "sample_aspect_ratio");
	int64_t across = 1, down = 1;
	char *colon;

	if (ratio) {
		across = strtoll(ratio, &colon, 10);
		down = *colon == ':' ? strtoll(colon + 1, NULL, 10) : 0;
	}
	if (across <= 0 || down <= 0 || across > 1000000 || down > 1000000)
		return;
	if (across > down)
		clip->height = (int)(clip->height * down / across);
	else
		clip->width = (int)(clip->width * across / down);
}

/* A stream that moves, rather than the picture on a record's sleeve. */
static bool
is_picture(struct json_object *stream)
{
	return json_member_is(stream, "codec_type", "video") &&
	       json_member_i64(member(stream, "disposition"), "attached_pic", 0) == 0;
}

static bool
fits(int64_t side)
{
	return side >= SIDE_MIN && side <= SIDE_MAX;
}

static const char *
judge(struct json_object *stream, int64_t container_ms, struct clip *clip)
{
	int64_t width = json_member_i64(stream, "width", 0), height = json_member_i64(stream, "height", 0);

	clip->picture_ms = duration_ms(stream);
	if (clip->picture_ms == 0)
		clip->picture_ms = container_ms;
	clip->duration_ms = clip->picture_ms > container_ms ? clip->picture_ms : container_ms;
	if (!is_known(json_member_text(stream, "codec_name")))
		return "unsupported_codec";
	if (!fits(width) || !fits(height))
		return "bad_size";
	clip->width = (int)width;
	clip->height = (int)height;
	square_pixels(stream, clip);
	if (rotation(stream) % 180 != 0) {
		int side = clip->width;

		clip->width = clip->height;
		clip->height = side;
	}
	if (!fits(clip->width) || !fits(clip->height))
		return "bad_size";
	return clip->duration_ms > CLIP_MS_MAX + CLIP_SLACK_MS ? "too_long" : NULL;
}

const char *
clip_read(struct arena *a, const char *text, struct clip *ret_clip)
{
	struct json_object *probe, *streams, *picture = NULL;
	struct clip clip = { .video = -1 };
	size_t i, n;
	const char *reason;

	if (json_read(a, text, strlen(text), &probe) != OK)
		return "not_a_video";
	streams = member(probe, "streams");
	n = json_object_is_type(streams, json_type_array) ? json_object_array_length(streams) : 0;
	if (n == 0)
		return "not_a_video";
	for (i = 0; i < n; i++) {
		struct json_object *stream = json_object_array_get_idx(streams, i);

		if (!picture && is_picture(stream)) {
			picture = stream;
			clip.video = (int)json_member_i64(stream, "index", (int64_t)i);
		}
	}
	if (!picture)
		return "no_picture";
	reason = judge(picture, duration_ms(member(probe, "format")), &clip);
	if (!reason)
		*ret_clip = clip;
	return reason;
}

/* An even number, as the codec wants it, and not more than side. */
static int
even(double side)
{
	int n = (int)(side + 0.5);

	return n < 2 ? 2 : n & ~1;
}

void
clip_fit(const struct clip *clip, int *ret_width, int *ret_height)
{
	int shorter = clip->width < clip->height ? clip->width : clip->height;
	double factor = shorter > SHORT_SIDE_MAX ? (double)SHORT_SIDE_MAX / shorter : 1;

	*ret_width = even(clip->width * factor);
	*ret_height = even(clip->height * factor);
}
