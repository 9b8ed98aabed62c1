/* {{ name }}: {{ program.title }}, for {{ program.task }}. Printed by `dfc export`; not meant to be edited.
 *
 * A layer adds up what it finds in its tables for each pixel, rounds and clips that, and keeps a few
 * rows of it in a ring, for later layers. It is ahead of them by as many rows as they read. */
#include "lut.h"

#include <string.h>

#define CHUNK {{ chunk }} /* pixels of a row that a layer works on at once */
#define LAYERS {{ program.steps | length }}
#define TURNS {{ program.turns }} /* quarter turns of the whole picture */
#define VALUES {{ last.values }} /* of the last layer, for each pixel */

/* GCC makes vectors of short loops only where it does not first write them out. */
#if defined(__GNUC__) && !defined(__clang__)
#define KEEP_LOOP _Pragma("GCC unroll 1")
#else
#define KEEP_LOOP
#endif

typedef struct {
    uint8_t block, channel;
    int8_t row, column;
} tap_t;

/* Blocks of planes: the inputs, then what each layer but the last makes. Their channels lie side by
 * side for each pixel, or, where pixels are neighbours (step 1), one row after the other. */
static const struct {
    int channels, step, depth, margin;
} blocks[LAYERS] = {
{%- for block in program.blocks %}
    { {{- block.channels }}, {{ pixel_steps[loop.index0] }}, {{ block.depth }}, {{ block.margin -}} },
{%- endfor %}
};

typedef struct {
    int width, height, turn;
    uint8_t *rings[LAYERS];
} picture_t;

typedef struct {
    uint8_t *made;   /* by the last layer, of a chunk */
    int32_t *sums;   /* of a chunk */
    int16_t *totals; /* of all turns, of a row */
    int16_t *tables; /* of one tap, at all levels */
{%- if line_kinds %}
    uint64_t *found; /* in the lines of a chunk */
{%- endif %}
{%- if simplex %}
    struct vertices *vertices; /* of a chunk */
{%- endif %}
    picture_t turns[TURNS];
} state_t;

/* Find which position is read for one that may lie beyond a border. */
static int find_position(int at, int length)
{
{%- if program.padding == "edge" %}
    return at < 0 ? 0 : at < length ? at : length - 1;
{%- else %}
    while (length > 1 && (at < 0 || at >= length)) {
        at = at < 0 ? -at : 2 * (length - 1) - at;
    }
    return length > 1 ? at : 0;
{%- endif %}
}

static ptrdiff_t count_row_bytes(const picture_t *picture, int block)
{
    return (ptrdiff_t)(picture->width + 2 * blocks[block].margin) * blocks[block].channels;
}

/* How far it is from a channel of a pixel to the next. */
static ptrdiff_t find_channel_step(const picture_t *picture, int block)
{
    return blocks[block].step > 1 ? 1 : picture->width + 2 * blocks[block].margin;
}

static uint8_t *find_row(const picture_t *picture, int block, int y)
{
    return picture->rings[block] + y % blocks[block].depth * count_row_bytes(picture, block)
        + blocks[block].margin * blocks[block].step;
}

static const uint8_t *find_pixel(const picture_t *picture, tap_t tap, int x, int y)
{
    return find_row(picture, tap.block, find_position(y + tap.row, picture->height))
        + (x + tap.column) * blocks[tap.block].step
        + tap.channel * find_channel_step(picture, tap.block);
}
{%- if simplex or row_kinds or residuals | map("length") | sum %}

/* Find what a tap that is turned so often reads for the pixel at (x, y). */
static const uint8_t *find_tap(const picture_t *picture, tap_t tap, int turn, int x, int y)
{
    for (int k = 0; k < turn + picture->turn; k++) {
        int8_t row = tap.row;
        tap.row = tap.column;
        tap.column = (int8_t)-row;
    }
    return find_pixel(picture, tap, x, y);
}
{%- endif %}
{%- if line_kinds %}

/* Find what a tap reads from (x, y) on along a line, a row in the picture as it is turned. */
static const uint8_t *find_line(const picture_t *picture, tap_t tap, int x, int y)
{
    tap.row = (int8_t)(picture->turn < 2 ? tap.row : -tap.row);
    return find_pixel(picture, tap, x, y);
}
{%- endif %}

/* Repeat the ends of a row beyond it, or mirror it there. */
static void pad_row(const picture_t *picture, int block, int y)
{
    int step = blocks[block].step, width = picture->width;
    uint8_t *row = find_row(picture, block, y);
    for (int channel = 0; channel < blocks[block].channels; channel++) {
        for (int k = 1; k <= blocks[block].margin; k++) {
            row[-k * step] = row[find_position(-k, width) * step];
            row[(width - 1 + k) * step] = row[find_position(width - 1 + k, width) * step];
        }
        row += find_channel_step(picture, block);
    }
}

/* Divide and round half to even; `more` makes the dividend positive, and is `less` divisors. */
static inline int32_t divide(int32_t sum, int32_t more, uint32_t divisor, int32_t less)
{
    uint32_t dividend = (uint32_t)(sum + more) + divisor / 2;
    uint32_t rounded = dividend / divisor;
    if (divisor % 2 == 0) {
        rounded -= rounded & (dividend % divisor == 0);
    }
    return (int32_t)rounded - less;
}

static inline int32_t clip(int32_t value, int32_t highest)
{
    return value < 0 ? 0 : value > highest ? highest : value;
}
{%- for sum in level_kinds %}

/* Add levels of n pixels to one value of each. */
static void add_levels_{{ sum }}(const uint8_t *restrict levels, int step, int n,
                        {{ sum }} *restrict sums, int values)
{
    for (int i = 0; i < n; i++) {
        sums[i * values] = ({{ sum }})(sums[i * values] + levels[i * step]);
    }
}
{%- endfor %}
{% include "c/one_tap.c" %}
{%- include "c/simplex.c" %}
{%- for step in steps %}
{%- set layer = loop.index0 %}
{%- set loop_is_last = loop.last %}
{% include "c/layer.c" %}
{%- endfor %}
{% include "c/picture.c" -%}
