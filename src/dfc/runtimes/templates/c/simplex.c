{%- if simplex %}

/* The simplex of each pixel of a chunk: rows of its five vertices, and their weights. */
typedef struct vertices {
    int32_t rows[5][CHUNK], weights[5][CHUNK];
} vertices_t;

/* Positions, counted in steps, lie in the row offset + strides . positions. */
typedef struct {
    int32_t interval, offset, strides[4];
} part_t;

static inline int32_t lower(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static inline int32_t higher(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static inline int32_t measure(int32_t a, int32_t b)
{
    return higher(a, b) - lower(a, b);
}

/* The fraction of a tap in its cell, above the stride of its axis: sorting moves both. */
static inline int32_t make_key(int32_t tap, int32_t interval, int32_t bits, int32_t stride)
{
    return (tap & ((1 << interval) - 1)) << (bits - interval) << 16 | stride;
}

/* Find the simplices of n pixels, whose taps lie `steps` apart; weights add up to 2^bits. */
static inline void find_vertices(const uint8_t *const *taps, const int *steps, int n, int32_t bits,
    part_t diagonal, part_t other, const int32_t *reach, vertices_t *restrict found)
{
    const uint8_t *restrict pa = taps[0], *restrict pb = taps[1];
    const uint8_t *restrict pc = taps[2], *restrict pd = taps[3];
    for (int x = 0; x < n; x++) {
        int32_t a = pa[x * steps[0]], b = pb[x * steps[1]];
        int32_t c = pc[x * steps[2]], d = pd[x * steps[3]];
        int32_t beyond = higher(measure(a, b) - reach[0], measure(a, c) - reach[1]);
        int near = higher(beyond, measure(a, d) - reach[2]) <= 0;
        int32_t interval = near ? diagonal.interval : other.interval;
        int32_t sa = near ? diagonal.strides[0] : other.strides[0];
        int32_t sb = near ? diagonal.strides[1] : other.strides[1];
        int32_t sc = near ? diagonal.strides[2] : other.strides[2];
        int32_t sd = near ? diagonal.strides[3] : other.strides[3];
        int32_t row = near ? diagonal.offset : other.offset;
        row += (a >> interval) * sa + (b >> interval) * sb + (c >> interval) * sc
            + (d >> interval) * sd;
        int32_t ka = make_key(a, interval, bits, sa), kb = make_key(b, interval, bits, sb);
        int32_t kc = make_key(c, interval, bits, sc), kd = make_key(d, interval, bits, sd);
        /* A sorting network, the highest first. */
        int32_t ab = higher(ka, kb), ba = lower(ka, kb), cd = higher(kc, kd), dc = lower(kc, kd);
        int32_t first = higher(ab, cd), ac = lower(ab, cd), bd = higher(ba, dc);
        int32_t last = lower(ba, dc), second = higher(ac, bd), third = lower(ac, bd);
        found->rows[0][x] = row;
        found->rows[1][x] = row += first & 65535;
        found->rows[2][x] = row += second & 65535;
        found->rows[3][x] = row += third & 65535;
        found->rows[4][x] = row + (last & 65535);
        found->weights[0][x] = (1 << bits) - (first >> 16);
        found->weights[1][x] = (first >> 16) - (second >> 16);
        found->weights[2][x] = (second >> 16) - (third >> 16);
        found->weights[3][x] = (third >> 16) - (last >> 16);
        found->weights[4][x] = last >> 16;
    }
}
{%- endif %}
{%- for values in vertex_kinds %}

/* Add the {{ values }} values of n simplices. */
static void add_vertices_{{ values }}(const vertices_t *restrict found, const int8_t *restrict table,
    int n, int32_t *restrict sums)
{
    for (int x = 0; x < n; x++, sums += {{ values }}) {
{%- for vertex in range(5) %}
        const int8_t *v{{ vertex }} = table + found->rows[{{ vertex }}][x] * {{ values }};
{%- endfor %}
{%- for vertex in range(5) %}
        int16_t w{{ vertex }} = (int16_t)found->weights[{{ vertex }}][x];
{%- endfor %}
        for (int k = 0; k < {{ values }}; k++) {
            sums[k] += (int16_t)(w0 * v0[k] + w1 * v1[k] + w2 * v2[k] + w3 * v3[k] + w4 * v4[k]);
        }
    }
}
{%- endfor %}
