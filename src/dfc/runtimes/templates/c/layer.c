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
static const tap_t taps_{{ name }}[] = {
{{ lookup.places | taps }}
};
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
{%- set kind = "taps" if lookup.depthwise else "rows" %}

/* Expand what a place adds to one value{{ "" if lookup.depthwise else " after the other" }}. */
static void expand_{{ name }}(int16_t *table, int place, int turn, int k, int stride)
{
    int column = place * {{ step.values }} + {{ "orders_%d[turn][k]" % layer if step.rotations > 1 else "k" }};
{%- if step.rotations == 1 %}
    (void)turn;
{%- endif %}
    expand_column(values_{{ name }} + starts_{{ name }}[column], intervals_{{ name }}[column],
                  {{ lookup.levels }}, {{ step.unit }}, table, stride);
}

/* Expand the table of {{ "a value" if lookup.depthwise else "an item, a place at a turn" }}. */
static void fill_{{ name }}(int16_t *table, int {{ "k" if lookup.depthwise else "item" }})
{
{%- if lookup.depthwise %}
    for (int item = 0; item < {{ items }}; item++) {
        expand_{{ name }}(table + item * {{ lookup.levels }}, item / {{ step.rotations }}, item % {{ step.rotations }}, k, 1);
    }
{%- else %}
    for (int k = 0; k < {{ step.values }}; k++) {
        expand_{{ name }}(table + k, item / {{ step.rotations }}, item % {{ step.rotations }}, k, {{ step.values }});
    }
{%- endif %}
}
{%- endif %}
{%- endfor %}

static void run_layer_{{ layer }}(const state_t *state, const picture_t *picture, int x, int y, int n, uint8_t *made)
{
{%- set sum = sums[layer] %}
    {{ sum }} *sums = ({{ sum }} *)state->sums;
{%- set parts = step.rotations if step.values > 1 and not step.is_one_tap else 1 %}
    memset(sums, 0, {{ "%d * CHUNK" % parts if parts > 1 else "(size_t)n" }} * {{ step.values }} * sizeof *sums);
{%- for lookup in step.lookups %}
{%- set number = loop.index0 %}
{%- set name = layer ~ "_" ~ number %}
{%- set items = (lookup.places | length) * step.rotations %}
{%- if not step.is_one_tap %}
{%- include "c/run_simplex.c" %}
{%- elif lookup.depthwise %}
    const uint8_t *taps_of_{{ number }}[{{ items }}], *own_{{ number }}[{{ items }}];
    for (int item = 0; item < {{ items }}; item++) {
        taps_of_{{ number }}[item] = find_tap(picture, taps_{{ name }}[item / {{ step.rotations }}], item % {{ step.rotations }}, x, y);
    }
    for (int k = 0; k < {{ step.values }}; k++) {
        for (int item = 0; item < {{ items }}; item++) {
            own_{{ number }}[item] = taps_of_{{ number }}[item] + {{ "orders_%d[item %% %d][k]" % (layer, step.rotations) if step.rotations > 1 else "k" }};
        }
#ifdef LUT_SMALL
        int16_t *table = state->tables;
        fill_{{ name }}(table, k);
#else
        const int16_t *table = state->tables + {{ offsets[layer][number] }} + k * {{ items * lookup.levels }};
#endif
        add_taps_{{ items }}_{{ lookup.levels }}_{{ sum }}(own_{{ number }}, blocks[taps_{{ name }}[0].block].channels, table, n, sums + k, {{ step.values }});
    }
{%- else %}
    for (int item = 0; item < {{ items }}; item++) {
        tap_t tap = taps_{{ name }}[item / {{ step.rotations }}];
#ifdef LUT_SMALL
        int16_t *table = state->tables;
        fill_{{ name }}(table, item);
#else
        const int16_t *table = state->tables + {{ offsets[layer][number] }} + item * {{ lookup.levels * step.values }};
#endif
        add_rows_{{ step.values }}_{{ sum }}(find_tap(picture, tap, item % {{ step.rotations }}, x, y), blocks[tap.block].channels, table, n, sums);
    }
{%- endif %}
{%- endfor %}
{%- if parts > 1 %}
    for (int turn = 1; turn < {{ parts }}; turn++) {
        const {{ sum }} *part = sums + turn * CHUNK * {{ step.values }};
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < {{ step.values }}; k++) {
                sums[i * {{ step.values }} + k] += part[i * {{ step.values }} + orders_{{ layer }}[turn][k]];
            }
        }
    }
{%- endif %}
    for (int i = 0; i < n * {{ step.values }}; i++) {
        sums[i] = ({{ sum }})divide(sums[i], {{ step.bias + shifts[layer] * step.divisor }}, {{ step.divisor }}, {{ shifts[layer] }});
    }
{%- for run in residuals[layer] %}
    {
        const uint8_t *levels = find_tap(picture, (tap_t){ {{- run.tap | join(", ") -}} }, 0, x, y);
{%- if run.count == step.values and run.advance and run.step == step.values %}
        for (int i = 0; i < n * {{ step.values }}; i++) {
            sums[i] = ({{ sum }})(sums[i] + levels[i]);
        }
{%- else %}
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < {{ run.count }}; k++) {
                {{ sum }} *own = sums + i * {{ step.values }} + {{ run.first }} + k;
                *own = ({{ sum }})(*own + levels[i * {{ run.step }}{{ " + k" if run.advance }}]);
            }
        }
{%- endif %}
    }
{%- endfor %}
{%- if step.constants | unique | list | length > 1 %}
    static const int16_t constants[] = { {{ step.constants | join(", ") }} };
    for (int i = 0; i < n * {{ step.values }}; i++) {
        made[i] = (uint8_t)clip(sums[i] + constants[i % {{ step.values }}], {{ step.levels - 1 }});
    }
{%- else %}
    for (int i = 0; i < n * {{ step.values }}; i++) {
        made[i] = (uint8_t)clip(sums[i] + {{ step.constants[0] }}, {{ step.levels - 1 }});
    }
{%- endif %}
}
