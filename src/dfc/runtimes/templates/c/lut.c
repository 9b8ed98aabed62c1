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

typedef struct {
    uint8_t block, channel;
    int8_t row, column;
} tap_t;

/* Blocks of planes: the inputs, then what each layer but the last makes. */
static const struct {
    int channels, depth, margin;
} blocks[LAYERS] = {
{%- for block in program.blocks %}
    { {{- block.channels }}, {{ block.depth }}, {{ block.margin -}} },
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

static size_t count_row_bytes(const picture_t *picture, int block)
{
    return (size_t)(picture->width + 2 * blocks[block].margin) * (size_t)blocks[block].channels;
}

static uint8_t *find_row(const picture_t *picture, int block, int y)
{
    size_t row = (size_t)(y % blocks[block].depth);
    return picture->rings[block] + row * count_row_bytes(picture, block)
        + blocks[block].margin * blocks[block].channels;
}

/* Find what a tap that is turned so often reads for the pixel at (x, y). */
static const uint8_t *find_tap(const picture_t *picture, tap_t tap, int turn, int x, int y)
{
    int row = tap.row, column = tap.column;
    for (int k = 0; k < turn + picture->turn; k++) {
        int turned = -row;
        row = column;
        column = turned;
    }
    return find_row(picture, tap.block, find_position(y + row, picture->height))
        + (x + column) * blocks[tap.block].channels + tap.channel;
}

/* Repeat the ends of a row beyond it, or mirror it there. */
static void pad_row(const picture_t *picture, int block, int y)
{
    int channels = blocks[block].channels, width = picture->width;
    uint8_t *row = find_row(picture, block, y);
    for (int k = 1; k <= blocks[block].margin; k++) {
        memcpy(row - k * channels, row + find_position(-k, width) * channels, (size_t)channels);
        memcpy(row + (width - 1 + k) * channels,
               row + find_position(width - 1 + k, width) * channels, (size_t)channels);
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
{% include "c/one_tap.c" %}
{%- include "c/simplex.c" %}
{%- for step in steps %}
{%- set layer = loop.index0 %}
{% include "c/layer.c" %}
{%- endfor %}
{% include "c/picture.c" -%}
