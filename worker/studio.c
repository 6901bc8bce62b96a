/*
 * Probing and encoding with ffprobe and ffmpeg.  Of an upload only two container formats are tried, from files only, by decoders
 * on a list: a playlist could have them read other files, or call other hosts.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "arena.h"
#include "clip.h"
#include "clock.h"
#include "studio.h"
#include "tool.h"
#include "worker.h"

#define FROM_FILES "-protocol_whitelist", "file"
#define CONTAINERS FROM_FILES, "-format_whitelist", "mov,matroska"
/* Frames of more than 4096 by 4096 pixels are not decoded, whatever the container says of their size. */
#define DECODERS "-codec_whitelist", decoders, "-max_pixels", "16777216"
#define QUIET	 "-hide_banner", "-v", "error"
/* Two threads decode, and, where that is told once more, two encode; without a word each would take all there are. */
#define TWO_THREADS "-threads", "2"
#define FFMPEG(m)   (m)->w->studio->ffmpeg, QUIET, "-nostdin", "-y", "-filter_threads", "1", TWO_THREADS
#define NO_METADATA "-map_metadata", "-1"
#define POSTER	    "-frames:v", "1", "-q:v", "4", "-f", "image2", "-update", "1", "file:poster.jpg"

enum {
	BUSY_THREADS = 3, /* two for the codecs, and what is left for the rest */
	PROBE_MS = 30000,
	POSTER_MS = 60000,
	BEAT_MS = 1000,
	ENCODED_PERCENT = 95,
	RESULT_MAX = 128 * 1024 * 1024,
	ROOM_MIN = 16 * 1024 * 1024
};

/* What telephones and editors make. */
static const char decoders[] =
    "h264,hevc,vp8,vp9,libdav1d,av1,mpeg4,h263,mjpeg,prores,"
    "aac,mp3float,mp3,opus,libopus,vorbis,flac,alac,ac3,amrnb,amrwb,pcm_s16le,pcm_s16be,pcm_s24le,pcm_f32le";

/* What is asked of ffprobe. */
static const char entries[] =
    "format=duration:stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,duration:"
    "stream_disposition=attached_pic:stream_side_data=rotation:stream_tags=rotate";

const char studio_stopped[] = "stopped", studio_killed[] = "killed", studio_full[] = "full",
	   studio_broken[] = "broken";

/* A video that is being made, and when its progress may be told again. */
struct making {
	struct worker *w;
	const char *dir;
	bool (*progress)(struct worker *, int);
	int64_t duration_ms, next_ms;
};

/* Who hears nothing takes the worker for dead, and begins anew: also of a tool that is silent there is something to tell. */
static bool
still_here(void *ctx)
{
	const struct making *m = ctx;

	return m->progress(m->w, 0);
}

static enum tool_end
run(struct making *m, int64_t within_ms, const char *const *args, bool (*on_line)(void *, const char *),
    const char **ret_output)
{
	const struct tool tool = { .args = args,
				   .dir = m->dir,
				   .within_ms = within_ms,
				   .cpu_s = within_ms * BUSY_THREADS / 1000,
				   .stop_fd = m->w->stop_fd,
				   .on_line = on_line,
				   .on_beat = still_here,
				   .ctx = m };

	return tool_run(&m->w->arena, &tool, ret_output);
}

/* What a tool has not written, or only in part, says nothing of the video when there was no room for it. */
static bool
is_full(const char *dir, const char *reason)
{
	struct statvfs fs;

	return (reason == studio_broken || strcmp(reason, "unreadable") == 0) && statvfs(dir, &fs) == 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize < ROOM_MIN;
}

/* Why there is no result; NULL: there is one.  What a tool refuses is the word failed. */
static const char *
reason_of(enum tool_end end, const char *failed)
{
	switch (end) {
	case TOOL_DONE:
		return NULL;
	case TOOL_LATE:
		return "took_too_long";
	case TOOL_STOPPED:
		return studio_stopped;
	case TOOL_KILLED:
		return studio_killed;
	case TOOL_MISSING:
		return studio_broken;
	default:
		return failed;
	}
}

/* Is it our own trouble, rather than the file's? */
static bool
is_ours(const char *reason)
{
	return reason == studio_stopped || reason == studio_killed || reason == studio_broken;
}

/* What the container says; nothing is decoded for it. */
static const char *
probe(struct making *m, const char *file, struct clip *ret_clip)
{
	/* clang-format off */
	const char *const args[] = {
		m->w->studio->ffprobe, QUIET, CONTAINERS, "-nofind_stream_info",
		"-print_format", "json", "-show_entries", entries,
		"-i", file, NULL
	};
	/* clang-format on */
	const char *printed, *reason = reason_of(run(m, PROBE_MS, args, NULL, &printed), "not_a_video");

	return reason ? reason : clip_read(&m->w->arena, printed, ret_clip);
}

/* A line of "ffmpeg -progress": of interest is how much of the video is written. */
static bool
encoded(void *ctx, const char *line)
{
	struct making *m = ctx;
	int64_t now_ms = clock_ms(), done_ms;

	if (strncmp(line, "out_time_us=", 12) != 0 || now_ms < m->next_ms)
		return true;
	m->next_ms = now_ms + BEAT_MS;
	done_ms = strtoll(line + 12, NULL, 10) / 1000;
	if (done_ms < 0 || m->duration_ms == 0)
		done_ms = 0;
	else if (done_ms > m->duration_ms)
		done_ms = m->duration_ms;
	return m->progress(m->w,
			   (int)(done_ms * ENCODED_PERCENT / (m->duration_ms > 0 ? m->duration_ms : 1)));
}

static const char *
scale_to_fit(struct arena *a, const struct clip *clip)
{
	int width, height;

	clip_fit(clip, &width, &height);
	return arena_printf(a, "scale=%d:%d:flags=bicubic,setsar=1,format=yuv420p", width, height);
}

/*
 * The picture as H.264 and the sound as AAC, with the index in front, without anything that the file says of where and when it
 * was taken.  A little more than is allowed is kept, so that what claimed to be shorter shows.
 */
static const char *
encode(struct making *m, const struct clip *clip)
{
	const char *picture = arena_printf(&m->w->arena, "0:%d", clip->video);
	const char *filter = scale_to_fit(&m->w->arena, clip);
	/* clang-format off */
	const char *const args[] = {
		FFMPEG(m), "-progress", "pipe:1", "-nostats",
		CONTAINERS, DECODERS, "-i", "file:input",
		"-map", picture, "-map", "0:a:0?", "-sn", "-dn", NO_METADATA, "-map_chapters", "-1", "-t", "61",
		"-vf", filter, "-fpsmax", "60",
		"-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-crf", "23",
		"-maxrate", "5M", "-bufsize", "10M", "-g", "120", TWO_THREADS,
		"-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000",
		"-movflags", "+faststart", "-fs", "134217728", "-f", "mp4", "file:video.mp4", NULL
	};
	/* clang-format on */

	m->duration_ms = clip->duration_ms;
	return reason_of(run(m, m->w->studio->deadline_s * 1000, args, encoded, NULL), "unreadable");
}

/* Is the result what the upload promised?  Stores what it is. */
static const char *
check(struct making *m, const struct clip *promised, struct clip *ret_clip)
{
	const char *reason = probe(m, "file:video.mp4", ret_clip);
	struct stat st;

	if (is_ours(reason))
		return reason;
	if (stat(arena_printf(&m->w->arena, "%s/video.mp4", m->dir), &st) != 0)
		return studio_broken;
	if (st.st_size >= RESULT_MAX - RESULT_MAX / 16)
		return "too_large";
	if (reason)
		return strcmp(reason, "too_long") == 0 ? reason : "unreadable";
	/* Of a file that was cut off, what is there can be decoded: a third of a video is no short. */
	if (ret_clip->picture_ms <= 0 || ret_clip->picture_ms < promised->picture_ms * 9 / 10 - 500)
		return "unreadable";
	return NULL;
}

/* A poster, or why there is none.  Where there is nothing to be seen ffmpeg makes nothing, and finds no fault with that. */
static const char *
make_poster(struct making *m, const char *const *args)
{
	enum tool_end end = run(m, POSTER_MS, args, NULL, NULL);

	if (end == TOOL_DONE && access(arena_printf(&m->w->arena, "%s/poster.jpg", m->dir), F_OK) != 0)
		end = TOOL_FAILED;
	return reason_of(end, "unreadable");
}

/* The picture that came along, cut to the video's shape. */
static const char *
poster_of_picture(struct making *m, const struct clip *clip)
{
	const char *filter =
	    arena_printf(&m->w->arena, "scale=%d:%d:force_original_aspect_ratio=increase,crop=%d:%d",
			 clip->width, clip->height, clip->width, clip->height);
	/* clang-format off */
	const char *const args[] = {
		FFMPEG(m), FROM_FILES, "-format_whitelist", "png_pipe,jpeg_pipe,webp_pipe",
		"-codec_whitelist", "png,mjpeg,webp", "-max_pixels", "33554432", "-i", "file:picture",
		"-vf", filter, NO_METADATA, POSTER, NULL
	};
	/* clang-format on */

	return make_poster(m, args);
}

/* A frame from a tenth of the video: the first one is often black. */
static const char *
poster_of_video(struct making *m, const struct clip *clip)
{
	const char *at = arena_printf(&m->w->arena, "%lldms", (long long)(clip->picture_ms / 10));
	/* clang-format off */
	const char *const args[] = {
		FFMPEG(m), CONTAINERS, "-ss", at, "-i", "file:video.mp4", POSTER, NULL
	};
	/* clang-format on */

	return make_poster(m, args);
}

/* A frame takes the place of a picture that cannot be read, but not of one that could not be tried. */
static const char *
poster(struct making *m, const struct clip *clip, bool picture)
{
	const char *reason = picture ? poster_of_picture(m, clip) : NULL;

	if (picture && (!reason || is_ours(reason) || is_full(m->dir, reason)))
		return reason;
	return poster_of_video(m, clip);
}

const char *
studio_make(struct worker *w, const char *dir, bool picture, bool (*progress)(struct worker *, int),
	    struct clip *ret_clip)
{
	struct making m = { .w = w, .dir = dir, .progress = progress };
	struct clip promised, made = { 0 };
	const char *reason = probe(&m, "file:input", &promised);

	if (!reason)
		reason = encode(&m, &promised);
	if (!reason)
		reason = check(&m, &promised, &made);
	if (!reason)
		reason = poster(&m, &made, picture);
	if (!reason)
		*ret_clip = made;
	return reason && is_full(dir, reason) ? studio_full : reason;
}
