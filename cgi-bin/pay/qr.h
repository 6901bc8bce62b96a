/* QR codes (ISO/IEC 18004) as pictures, with error correction for a quarter of the code (level Q) and the margin it needs. */
#ifndef QR_H
#define QR_H

#include <stddef.h>

#include "attr.h"
#include "err.h"

struct arena;

/** qr_png(a, text, ret_png, ret_len): ${text} as a PNG of 8 pixels a module, in ${a}.  ERR_INTERNAL if it does not fit. */
enum err qr_png(struct arena *a, const char *text, const char **ret_png, size_t *ret_len) MUST_CHECK;

/** qr_svg(a, text, ret_svg): The same as SVG, which any size does no harm. */
enum err qr_svg(struct arena *a, const char *text, const char **ret_svg) MUST_CHECK;

#endif
