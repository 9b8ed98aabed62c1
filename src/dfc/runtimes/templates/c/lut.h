/* {{ name }}: {{ program.title }}, for {{ program.task }}: {{ program.table_bytes }} bytes of tables.
 * Printed by `dfc export`; not meant to be edited. */
#ifndef LUT_H
#define LUT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LUT_SCALE {{ program.scale }} /* how many times larger pictures become, on each side */
#define LUT_COLOURS {{ program.colours }} /* restored at once: 1 (each colour alone) or 3 */
#define LUT_MAX_SIDE 32767 /* of a picture, in pixels */

/* Bytes of working memory for a picture of some width: {{ memory.for_width(320) }} for 320 pixels.
 * With LUT_SMALL defined, tables are expanded when they are needed, over and over:
 * {{ memory.for_width(320, small=True) }} bytes for 320 pixels, and slower. */
#ifdef LUT_SMALL
#define LUT_WORK_BYTES(width) ((size_t)(width) * {{ memory.a_pixel }} + {{ memory.small }})
#else
#define LUT_WORK_BYTES(width) ((size_t)(width) * {{ memory.a_pixel }} + {{ memory.fast }})
#endif

enum { LUT_OK = 0, LUT_ERROR = -1 };

/* Restore a picture, row by row.
 *
 * in          8-bit pixels, grey or colours pixel by pixel
 * stride      bytes from a row of `in` to the next
 * out         height * LUT_SCALE rows of width * LUT_SCALE pixels; must not overlap `in`
 * out_stride  bytes from a row of `out` to the next
 * channels    1 (grey) or 3 (RGB), of `in` and of `out`
 * work        LUT_WORK_BYTES(width) bytes, of any alignment
 *
 * Returns LUT_OK, or LUT_ERROR for arguments that cannot be: nothing is written then. Nothing is
 * kept between calls, so that several threads may restore, each with working memory of its own. */
int lut_restore(const uint8_t *in, int width, int height, ptrdiff_t stride, uint8_t *out,
                ptrdiff_t out_stride, int channels, void *work);

#ifdef __cplusplus
}
#endif
#endif
