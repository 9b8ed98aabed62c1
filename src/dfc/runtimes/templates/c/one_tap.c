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
        int16_t row[{{ values }}]; /* compilers see that it can be loaded at once */
        memcpy(row, table + levels[x * step] * {{ values }}, sizeof row);
        for (int k = 0; k < {{ values }}; k++) {
            sums[k] = ({{ sum }})(sums[k] + row[k]);
        }
    }
}
{%- endfor %}
{%- for items, levels, sum in tap_kinds %}

/* Add what {{ items }} taps of each of n pixels find, one value each. */
static void add_taps_{{ items }}_{{ levels }}_{{ sum }}(const uint8_t *const *taps, int step,
    const int16_t *restrict table, int n, {{ sum }} *restrict sums, int values)
{
{%- for item in range(items) %}
    const uint8_t *restrict tap{{ item }} = taps[{{ item }}];
{%- endfor %}
    for (int x = 0; x < n; x++) {
        int total = sums[x * values];
{%- for item in range(items) %}
        total += table[{{ item * levels }} + tap{{ item }}[x * step]];
{%- endfor %}
        sums[x * values] = ({{ sum }})total;
    }
}
{%- endfor %}
