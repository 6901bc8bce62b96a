/* The studio: an upload becomes a video that telephones play, and a picture of it. */
#ifndef STUDIO_H
#define STUDIO_H

#include <stdbool.h>
#include <stdint.h>

struct worker;
struct clip;

struct studio_conf {
	const char *ffmpeg, *ffprobe;
	int64_t jobs;	    /* at once */
	int64_t deadline_s; /* for the longest step of one, encoding */
};

/**
 * studio_make(w, dir, picture, progress, ret_clip):
 * In the directory ${dir} make of the file "input" the files "video.mp4" and "poster.jpg", the latter of the file "picture" if
 * ${picture} says that there is one and it can be read, and store what they are in *${ret_clip}.  progress(w, percent) is told how
 * far it is, at most once a second, and something not larger every few seconds while nothing is heard of the tools; false: stop.
 * Returns NULL, or why not: a word of shorts.reason_text, or one of these, which are not the video's fault: studio_stopped when it
 * was stopped, studio_killed when somebody else killed a tool, studio_full when there was no room, studio_broken when the tools did
 * not run.
 */
const char *studio_make(struct worker *w, const char *dir, bool picture,
			bool (*progress)(struct worker *, int), struct clip *ret_clip);
extern const char studio_stopped[], studio_killed[], studio_full[], studio_broken[];

#endif
