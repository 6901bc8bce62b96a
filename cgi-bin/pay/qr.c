/* QR codes as pictures: libqrencode says which modules are dark, libpng and a path of SVG draw them. */
#include <errno.h>
#include <string.h>

#include <png.h>
#include <qrencode.h>

#include "arena.h"
#include "bytes.h"
#include "log.h"
#include "qr.h"

enum { MARGIN = 4, PIXELS = 8, WHITE = 255, SVG_MAX = 256 * 1024 };

static void
free_code(void *code)
{
	QRcode_free(code);
}

static enum err
encode(struct arena *a, const char *text, const QRcode **ret_code)
{
	QRcode *code = QRcode_encodeData((int)strlen(text), (const unsigned char *)text, 0, QR_ECLEVEL_Q);

	if (!code) {
		log_event(LOG_ERROR, "qr", "errno=%d len=%zu", errno, strlen(text));
		return ERR_INTERNAL;
	}
	arena_defer(a, free_code, code);
	*ret_code = code;
	return OK;
}

static bool
is_dark(const QRcode *code, int x, int y)
{
	if (x < 0 || y < 0 || x >= code->width || y >= code->width)
		return false;
	return code->data[y * code->width + x] & 1;
}

/* One byte a pixel, row by row. */
static const unsigned char *
pixels(struct arena *a, const QRcode *code, int side)
{
	unsigned char *grey = arena_alloc(a, (size_t)side * (size_t)side);
	int x, y;

	for (y = 0; y < side; y++)
		for (x = 0; x < side; x++)
			if (!is_dark(code, x / PIXELS - MARGIN, y / PIXELS - MARGIN))
				grey[y * side + x] = WHITE;
	return grey;
}

enum err
qr_png(struct arena *a, const char *text, const char **ret_png, size_t *ret_len)
{
	png_image image = { .version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_GRAY };
	const QRcode *code;
	const unsigned char *grey;
	png_alloc_size_t len;
	void *png;
	enum err e;

	e = encode(a, text, &code);
	if (e)
		return e;
	image.width = image.height = (png_uint_32)((code->width + 2 * MARGIN) * PIXELS);
	grey = pixels(a, code, (int)image.width);
	len = PNG_IMAGE_PNG_SIZE_MAX(image);
	png = arena_alloc(a, len);
	if (!png_image_write_to_memory(&image, png, &len, 0, grey, 0, NULL)) {
		log_event(LOG_ERROR, "png", "error=\"%s\"", image.message);
		return ERR_INTERNAL;
	}
	*ret_png = png;
	*ret_len = len;
	return OK;
}

/* The dark modules of row y as rectangles of a path, one for those that touch. */
static bool
draw_row(struct arena *a, struct bytes *svg, const QRcode *code, int y)
{
	int x, from;
	bool fits = true;

	for (x = 0; x < code->width && fits; x++) {
		const char *drawn;

		if (!is_dark(code, x, y))
			continue;
		for (from = x; is_dark(code, x + 1, y); x++)
			;
		drawn = arena_printf(a, "M%d,%dh%dv1h-%dz", from + MARGIN, y + MARGIN, x + 1 - from,
				     x + 1 - from);
		fits = bytes_append(a, svg, SVG_MAX, drawn, strlen(drawn));
	}
	return fits;
}

enum err
qr_svg(struct arena *a, const char *text, const char **ret_svg)
{
	struct bytes path = { 0 };
	const QRcode *code;
	enum err e;
	int y, side;

	e = encode(a, text, &code);
	if (e)
		return e;
	for (y = 0; y < code->width; y++)
		if (!draw_row(a, &path, code, y))
			return ERR_INTERNAL;
	side = code->width + 2 * MARGIN;
	*ret_svg = arena_printf(a,
				"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
				"viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
				"<path fill=\"#fff\" d=\"M0,0h%dv%dh-%dz\"/><path d=\"%s\"/></svg>\n",
				side * PIXELS, side * PIXELS, side, side, side, side, side, path.at);
	return OK;
}
