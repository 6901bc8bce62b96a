/* worker/clip.c: what ffprobe says of a file, and what follows from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "clip.h"

static struct arena arena;

static int
setup(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

#define VIDEO(size, more)                                                                                                    \
	"{\"streams\":[{\"index\":0,\"codec_type\":\"audio\",\"codec_name\":\"aac\"},{\"index\":1,\"codec_type\":\"video\"," \
	"\"codec_name\":\"h264\"," size "," more                                                                             \
	"\"disposition\":{\"attached_pic\":0}}],\"format\":{\"duration\":\"12.5\"}}"

static void
a_video(void **state)
{
	struct clip clip;

	(void)state;
	assert_null(
	    clip_read(&arena, VIDEO("\"width\":1080,\"height\":1920", "\"duration\":\"12.4\","), &clip));
	assert_int_equal(clip.video, 1);
	assert_int_equal(clip.width, 1080);
	assert_int_equal(clip.height, 1920);
	assert_int_equal(clip.picture_ms, 12400);
	assert_int_equal(clip.duration_ms, 12500);
	/* Matroska knows the duration of the whole only. */
	assert_null(clip_read(&arena, VIDEO("\"width\":1080,\"height\":1920", ""), &clip));
	assert_int_equal(clip.picture_ms, 12500);
	assert_int_equal(clip.duration_ms, 12500);
	/* What says that it is shorter than its picture is as long as that. */
	assert_null(
	    clip_read(&arena, VIDEO("\"width\":1080,\"height\":1920", "\"duration\":\"60.1\","), &clip));
	assert_int_equal(clip.duration_ms, 60100);
}

static void
as_it_is_to_be_seen(void **state)
{
	static const struct {
		const char *more;
		int width, height;
	} cases[] = {
		{ "\"tags\":{\"rotate\":\"90\"},", 480, 640 },
		{ "\"tags\":{\"rotate\":\"180\"},", 640, 480 },
		{ "\"side_data_list\":[{\"rotation\":-90}],", 480, 640 },
		{ "\"sample_aspect_ratio\":\"4:3\",", 640, 360 },
		{ "\"sample_aspect_ratio\":\"1:2\",", 320, 480 },
		{ "\"sample_aspect_ratio\":\"0:1\",", 640, 480 },
		{ "\"sample_aspect_ratio\":\"nonsense\",", 640, 480 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct clip clip;
		const char *text =
		    arena_printf(&arena, VIDEO("\"width\":640,\"height\":480", "%s"), cases[i].more);

		assert_null(clip_read(&arena, text, &clip));
		assert_int_equal(clip.width, cases[i].width);
		assert_int_equal(clip.height, cases[i].height);
	}
}

static void
refused(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "", "not_a_video" },
		{ "[]", "not_a_video" },
		{ "{}", "not_a_video" },
		{ "{\"streams\":[]}", "not_a_video" },
		{ "{\"streams\":[1,null]}", "no_picture" },
		{ "{\"streams\":[{\"codec_type\":\"audio\"}]}", "no_picture" },
		{ "{\"streams\":[{\"codec_type\":\"video\",\"disposition\":{\"attached_pic\":1}}]}",
		  "no_picture" },
		{ "{\"streams\":[{\"codec_type\":\"video\",\"codec_name\":\"wmv2\"}]}", "unsupported_codec" },
		{ "{\"streams\":[{\"codec_type\":\"video\"}]}", "unsupported_codec" },
		{ VIDEO("\"width\":20000,\"height\":20000", ""), "bad_size" },
		{ VIDEO("\"width\":15,\"height\":100", ""), "bad_size" },
		{ VIDEO("\"width\":-1,\"height\":100", ""), "bad_size" },
		{ VIDEO("\"width\":100,\"height\":100", "\"sample_aspect_ratio\":\"100:1\","), "bad_size" },
		{ VIDEO("\"width\":100,\"height\":100", "\"duration\":\"60.2\","), "too_long" },
		/* Two seconds of picture, and more than a minute of sound. */
		{ "{\"streams\":[{\"codec_type\":\"video\",\"codec_name\":\"h264\",\"width\":100,\"height\":100,"
		  "\"duration\":\"2.0\"}],\"format\":{\"duration\":\"60.2\"}}",
		  "too_long" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct clip clip = { .video = 77 };

		assert_string_equal(clip_read(&arena, cases[i].text, &clip), cases[i].reason);
		assert_int_equal(clip.video, 77);
	}
}

static void
fitted(void **state)
{
	static const int cases[][4] = {
		{ 1080, 1920, 720, 1280 }, { 1920, 1080, 1280, 720 }, { 608, 1080, 608, 1080 },
		{ 720, 1280, 720, 1280 },  { 729, 1283, 720, 1266 },  { 101, 203, 100, 202 },
		{ 4096, 4096, 720, 720 },  { 17, 4096, 16, 4096 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct clip clip = { .width = cases[i][0], .height = cases[i][1] };
		int width, height;

		clip_fit(&clip, &width, &height);
		assert_int_equal(width, cases[i][2]);
		assert_int_equal(height, cases[i][3]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_video),
		cmocka_unit_test(as_it_is_to_be_seen),
		cmocka_unit_test(refused),
		cmocka_unit_test(fitted),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
