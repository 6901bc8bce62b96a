/* What a video is, by what ffprobe says of it, and whether a short can be made of it: pure. */
#ifndef CLIP_H
#define CLIP_H

#include <stdint.h>

struct arena;

/* Longer is too long; domain rule: 60.0 s are not.  What a container says is rounded, and sound ends a little after the picture. */
enum { CLIP_MS_MAX = 60000, CLIP_SLACK_MS = 100 };

struct clip {
	int video;	     /* number of the stream with the picture */
	int width, height;   /* as it is to be seen: turned, with square pixels */
	int64_t duration_ms; /* of whatever is in it; 0: not known */
	int64_t
	    picture_ms; /* of the picture, which may end before the sound; the same where nothing else is known */
};

/**
 * clip_read(a, text, ret_clip):
 * Read what "ffprobe -print_format json" printed.  Returns NULL, or why no short can be made of it, as a word of
 * shorts.reason_text: not_a_video, no_picture, unsupported_codec, bad_size, too_long.
 */
const char *clip_read(struct arena *a, const char *text, struct clip *ret_clip);

/** clip_fit(clip, ret_width, ret_height): The size of its short: the shorter side at most 720, both even, never larger than it is. */
void clip_fit(const struct clip *clip, int *ret_width, int *ret_height);

#endif
