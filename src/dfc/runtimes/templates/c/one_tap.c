{%- if tables %}
/* Interpolate a column of a table at every level, in units. */
static void expand_column(const int8_t *values, int interval, int levels, int unit, int16_t *table,
                          int stride)
{
    int step = 1 << interval, share = unit >> interval;
    for (int level = 0; level < levels; values++) {
        int value = values[0] * unit, slope = step > 1 ? (values[1] - values[0]) * share : 0;
        for (int end = level + step; level < end; level++, value += slope) {
            table[level * stride] = (int16_t)value;
        }
    }
}
{%- endif %}
{%- for values, sum in row_kinds %}

/* Add the {{ values }} values that each of n pixels finds. */
static void add_rows_{{ values }}_{{ sum }}(const uint8_t *restrict levels, int step,
    const int16_t *restrict table, int n, {{ sum }} *restrict sums)
{
    for (int x = 0; x < n; x++, sums += {{ values }}) {
        const int16_t *row = table + levels[x * step] * {{ values }};
        KEEP_LOOP
        for (int k = 0; k < {{ values }}; k++) {
            sums[k] = ({{ sum }})(sums[k] + row[k]);
        }
    }
}
{%- endfor %}
{%- if line_kinds %}

/* A lookup of a line finds three values, each in some bits: what a pixel adds to three others. They
 * are made positive, so that those of several lines add up without carries. */
#define LANE 21
#define LIFT 32768

/* Interpolate the columns of three items (-1: none) at every level, side by side. */
static void join_columns(const int16_t *const *columns, int levels, uint64_t *table)
{
    for (int level = 0; level < levels; level++) {
        table[level] = 0;
        for (int k = 0; k < 3; k++) {
            int value = columns[k] ? columns[k][level] : 0;
            table[level] |= (uint64_t)(value + LIFT) << k * LANE;
        }
    }
}
{%- endif %}
{%- for lines, levels, sum in line_kinds %}

/* Add what n pixels and their neighbours in some columns find in {{ lines }} lines, one value each.
 * That `table` and `found` may overlap keeps compilers from gathers, which take longer. */
static void add_lines_{{ lines }}_{{ levels }}_{{ sum }}(const uint8_t *const *lines, int step, const int *columns,
    int reach, const uint64_t *table, int n, {{ sum }} *restrict sums, int values, uint64_t *found)
{
    enum { MASK = (1 << LANE) - 1, LIFTED = 3 * {{ lines }} * LIFT };
{%- for line in range(lines) %}
    const uint8_t *restrict line{{ line }} = lines[{{ line }}];
{%- endfor %}
    for (int x = -reach; x < n + reach; x++) {
        found[x + reach] = {% for line in range(lines) %}{{ "
            + " if line }}table[{{ "%d + " % (line * levels) if line }}line{{ line }}[x * step]]{% endfor %};
    }
    const uint64_t *a = found + reach + columns[0], *b = found + reach + columns[1];
    const uint64_t *c = found + reach + columns[2];
    for (int x = 0; x < n; x++) {
        int32_t sum = (int32_t)(a[x] & MASK) + (int32_t)(b[x] >> LANE & MASK)
            + (int32_t)(c[x] >> 2 * LANE) - LIFTED;
        sums[x * values] = ({{ sum }})(sums[x * values] + sum);
    }
}
{%- endfor %}
