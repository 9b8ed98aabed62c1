/* Layer {{ layer }}: {{ step.values }} values of each pixel. */
{%- for lookup in step.lookups %}
{%- set name = layer ~ "_" ~ loop.index0 %}
static const int8_t values_{{ name }}[] = {
{{ lookup.values.ravel() | numbers }}
};
{%- if step.is_one_tap %}
static const uint32_t starts_{{ name }}[] = {
{{ lookup.starts | numbers }}
};
static const uint8_t intervals_{{ name }}[] = {
{{ lookup.intervals | numbers }}
};
{%- if not lookup.depthwise %}
static const tap_t taps_{{ name }}[] = {
{{ lookup.places | taps }}
};
{%- endif %}
{%- else %}
static const tap_t taps_{{ name }}[][4] = {
{%- for place in lookup.places %}
    {
{{ place | taps }}
    },
{%- endfor %}
};
{%- endif %}
{%- endfor %}
{%- if step.rotations > 1 and (step.values > 1 or step.is_one_tap) %}
static const uint8_t orders_{{ layer }}[][{{ step.values }}] = {
{%- for order in step.orders %}
    { {{- order | join(", ") -}} },
{%- endfor %}
};
{%- endif %}
{%- for lookup in step.lookups %}
{%- set number = loop.index0 %}
{%- set name = layer ~ "_" ~ number %}
{%- set items = (lookup.places | length) * step.rotations %}
{%- if step.is_one_tap %}

/* Expand what an item, a place at a rotation, adds to value k. */
static void expand_{{ name }}(int item, int k, int16_t *table, int stride)
{
{%- if step.rotations > 1 %}
    int column = item / 4 * {{ step.values }} + orders_{{ layer }}[item % 4][k];
{%- else %}
    int column = item * {{ step.values }} + k;
{%- endif %}
    expand_column(values_{{ name }} + starts_{{ name }}[column], intervals_{{ name }}[column], {{ lookup.levels }}, {{ step.unit }},
                  table, stride);
}
{%- if lookup.depthwise %}

/* Expand the tables of some lines for value k. */
static void fill_{{ name }}(int16_t *memory, const int (*items)[3], int lines, int k)
{
    static const int16_t *const none = 0;
    uint64_t *table = (uint64_t *)memory;
    for (int line = 0; line < lines; line++, table += {{ lookup.levels }}) {
        int16_t columns[3][{{ lookup.levels }}];
        const int16_t *found[3];
        for (int lane = 0; lane < 3; lane++) {
            int item = items[line][lane];
            if (item >= 0) {
                expand_{{ name }}(item, k, columns[lane], 1);
            }
            found[lane] = item < 0 ? none : columns[lane];
        }
        join_columns(found, {{ lookup.levels }}, table);
    }
}
{%- for batch in batches[name] %}
static const int items_{{ name }}_{{ loop.index0 }}[][3] = {
{%- for line in batch.lines %} { {{- line.items | join(", ") -}} },{% endfor %} };
{%- endfor %}
{%- else %}

/* Expand the table of an item. */
static void fill_{{ name }}(int16_t *table, int item)
{
    for (int k = 0; k < {{ step.values }}; k++) {
        expand_{{ name }}(item, k, table + k, {{ step.values }});
    }
}
{%- endif %}
{%- endif %}
{%- endfor %}

static void run_layer_{{ layer }}(const state_t *state, const picture_t *picture, int x, int y, int n,
                        uint8_t *made, ptrdiff_t channel_step)
{
{%- set sum = sums[layer] %}
    {{ sum }} *sums = ({{ sum }} *)state->sums;
    memset(sums, 0, {{ "%d * CHUNK" % step.parts if step.parts > 1 else "(size_t)n" }} * {{ step.values }} * sizeof *sums);
{%- for lookup in step.lookups %}
{%- set number = loop.index0 %}
{%- set name = layer ~ "_" ~ number %}
{%- set items = (lookup.places | length) * step.rotations %}
{%- if not step.is_one_tap %}
{%- include "c/run_simplex.c" %}
{%- elif lookup.depthwise %}
{%- for batch in batches[name] %}
{%- set count = batch.lines | length %}
    if (picture->turn % 2 == {{ batch.turn }}) { /* lines in columns {{ batch.columns | join(", ") }} */
        int direction = picture->turn % 3 ? -1 : 1;
        int columns[] = { {%- for column in batch.columns %}direction * {{ column }}{{ ", " if not loop.last }}{% endfor %} };
        const uint8_t *lines[{{ count }}], *own[{{ count }}];
        ptrdiff_t level_step = find_channel_step(picture, {{ batch.lines[0].tap.block }});
{%- for line in batch.lines %}
        lines[{{ loop.index0 }}] = find_line(picture, (tap_t){ {{- line.tap | join(", ") -}} }, x, y);
{%- endfor %}
        for (int k = 0; k < {{ step.values }}; k++) {
{%- for line in batch.lines %}
            own[{{ loop.index0 }}] = lines[{{ loop.index0 }}] + {{ "orders_%d[%d][k]" % (layer, line.rotation) if step.rotations > 1 else "k" }} * level_step;
{%- endfor %}
#ifdef LUT_SMALL
            int16_t *table = state->tables;
            fill_{{ name }}(table, items_{{ name }}_{{ loop.index0 }}, {{ count }}, k);
#else
            const int16_t *table = state->tables + {{ batch.offset }} + k * {{ 4 * count * lookup.levels }};
#endif
            add_lines_{{ count }}_{{ lookup.levels }}_{{ sum }}(own, {{ pixel_steps[batch.lines[0].tap.block] }}, columns, {{ batch.reach }}, (const uint64_t *)table, n,
                sums + k, {{ step.values }}, state->found);
        }
    }
{%- endfor %}
{%- else %}
{%- set several = step.rotations > 1 %}
{%- set place, turn = ("item / 4", "item % 4") if several else ("item", "0") %}
    for (int item = 0; item < {{ items }}; item++) {
        tap_t tap = taps_{{ name }}[{{ place }}];
#ifdef LUT_SMALL
        int16_t *table = state->tables;
        fill_{{ name }}(table, item);
#else
        const int16_t *table = state->tables + {{ offsets[name] }} + item * {{ lookup.levels * step.values }};
#endif
        const uint8_t *levels = find_tap(picture, tap, {{ turn }}, x, y);
        add_rows_{{ step.values }}_{{ sum }}(levels, blocks[tap.block].step, table, n, sums);
    }
{%- endif %}
{%- endfor %}
{%- if step.parts > 1 %}
    for (int turn = 1; turn < {{ step.parts }}; turn++) {
        const {{ sum }} *part = sums + turn * CHUNK * {{ step.values }};
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < {{ step.values }}; k++) {
                sums[i * {{ step.values }} + k] += part[i * {{ step.values }} + orders_{{ layer }}[turn][k]];
            }
        }
    }
{%- endif %}
    for (int i = 0; i < n * {{ step.values }}; i++) {
        sums[i] = ({{ sum }})divide(sums[i], {{ step.bias + step.shift * step.divisor }}, {{ step.divisor }}, {{ step.shift }});
    }
{%- for run in residuals[layer] %}
    {
        const uint8_t *levels = find_tap(picture, (tap_t){ {{- run.tap | join(", ") -}} }, 0, x, y);
{%- if run.covers(step.values) %}
        for (int i = 0; i < n * {{ step.values }}; i++) {
            sums[i] = ({{ sum }})(sums[i] + levels[i]);
        }
{%- else %}
        for (int k = {{ run.first }}; k < {{ run.first + run.count }}; k++{{ ", levels += find_channel_step(picture, %d)" % run.tap.block if run.advance }}) {
            add_levels_{{ sum }}(levels, {{ run.step }}, n, sums + k, {{ step.values }});
        }
{%- endif %}
    }
{%- endfor %}
{%- set varied = step.constants | unique | list | length > 1 %}
{%- if varied %}
    static const int16_t constants[] = { {{- step.constants | join(", ") -}} };
{%- endif %}
{%- set planar = not loop_is_last and pixel_steps[step.block] < step.values %}
{%- if planar or varied %}
    for (int k = 0; k < {{ step.values }}; k++, made += channel_step) {
        for (int i = 0; i < n; i++) {
            made[i{{ "" if planar else " * %d" % step.values }}] = (uint8_t)clip(sums[i * {{ step.values }} + k] + {{ "constants[k]" if varied else step.constants[0] }}, {{ step.levels - 1 }});
        }
    }
{%- else %}
    for (int i = 0; i < n * {{ step.values }}; i++) {
        made[i] = (uint8_t)clip(sums[i]{{ " + %d" % step.constants[0] if step.constants[0] }}, {{ step.levels - 1 }});
    }
    (void)channel_step;
{%- endif %}
}
