{%- for place in lookup.places %}
    for (int turn = 0; turn < {{ step.rotations }}; turn++) {
        const uint8_t *taps[4];
        for (int k = 0; k < 4; k++) {
            taps[k] = find_tap(picture, taps_{{ name }}[{{ loop.index0 }}][k], turn, x, y);
        }
        find_vertices(taps, (const int[]){ {{- place | steps -}} }, n, {{ step.unit.bit_length() - 1 }}, {{ lookup.diagonal | part }},
                      {{ lookup.other | part }}, (const int32_t[]){ {{- lookup.reach | join(", ") -}} },
                      state->vertices);
        add_vertices_{{ step.values }}(state->vertices, values_{{ name }}{{ " + %d" % (loop.index0 * lookup.rows * step.values) if loop.index0 }}, n, sums{{ " + turn * CHUNK * %d" % step.values if step.parts > 1 }});
    }
{%- endfor %}
