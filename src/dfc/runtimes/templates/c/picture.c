/* Take the bits of pixels that the inputs are made of. */
static void read_row(picture_t *picture, int y, const uint8_t *pixels, int channels, int colour)
{
    uint8_t *row = find_row(picture, 0, y);
    ptrdiff_t channel_step = find_channel_step(picture, 0);
    for (int x = 0; x < picture->width; x++) {
{%- for input in program.inputs %}
        row[x * {{ pixel_steps[0] }} + {{ loop.index0 }} * channel_step] = (uint8_t)(
            pixels[x * channels + {{ "colour" if program.colours == 1 else "(channels == 1 ? 0 : %d)" % input.colour }}] >> {{ input.shift }} & {{ 2 ** input.bits - 1 }});
{%- endfor %}
    }
{%- if program.colours > 1 %}
    (void)colour;
{%- endif %}
    pad_row(picture, 0, y);
}

/* Run a layer for a row. */
static void run_layer(const state_t *state, const picture_t *picture, int layer, int y)
{
    typedef void run_t(const state_t *, const picture_t *, int, int, int, uint8_t *,
                       ptrdiff_t);
    static run_t *const runs[LAYERS] = {
{%- for step in steps %}
        run_layer_{{ loop.index0 }},
{%- endfor %}
    };
    for (int x = 0; x < picture->width; x += CHUNK) {
        int n = picture->width - x < CHUNK ? picture->width - x : CHUNK;
        if (layer < LAYERS - 1) {
            uint8_t *made = find_row(picture, layer + 1, y) + x * blocks[layer + 1].step;
            runs[layer](state, picture, x, y, n, made, find_channel_step(picture, layer + 1));
            continue;
        }
{%- if program.turns > 1 %}
        static const uint8_t orders[TURNS][VALUES] = {
{%- for order in program.orders %}
            { {{- order | join(", ") -}} },
{%- endfor %}
        };
        const uint8_t *order = orders[picture->turn];
{%- endif %}
        int16_t *totals = state->totals + x * VALUES;
        runs[layer](state, picture, x, y, n, state->made, 1);
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < VALUES; k++) {
{%- if program.turns > 1 %}
                int before = picture->turn ? totals[i * VALUES + k] : 0;
                totals[i * VALUES + k] = (int16_t)(before + state->made[i * VALUES + order[k]]);
{%- else %}
                totals[i * VALUES + k] = state->made[i * VALUES + k];
{%- endif %}
            }
        }
    }
    if (layer < LAYERS - 1) {
        pad_row(picture, layer + 1, y);
    }
}

static inline uint8_t make_pixel(int total)
{
    int32_t rounded = divide(total + {{ program.turns * program.lowest }}, {{ program.divisor * 1024 }}, {{ program.divisor }}, 1024);
    return (uint8_t)clip(rounded + {{ program.bias }}, 255);
}

/* Make pixels of what all turns add up to. */
static void write_row(const state_t *state, int width, uint8_t *out, ptrdiff_t stride, int channels)
{
    for (int k = 0; k < LUT_SCALE * LUT_SCALE; k++) {
        uint8_t *pixels = out + k / LUT_SCALE * stride + k % LUT_SCALE * channels;
        for (int x = 0; x < width; x++) {
            const int16_t *totals = state->totals + x * VALUES + k;
{%- if program.colours == 1 %}
            pixels[x * LUT_SCALE * channels] = make_pixel(totals[0]);
{%- else %}
            uint8_t *pixel = pixels + x * LUT_SCALE * channels;
            uint8_t made[LUT_COLOURS];
            for (int colour = 0; colour < LUT_COLOURS; colour++) {
                made[colour] = make_pixel(totals[colour * LUT_SCALE * LUT_SCALE]);
            }
            if (channels == 1) { /* a grey picture: three colours alike went in */
                *pixel = (uint8_t)((made[0] + made[1] + made[2] + 1) / 3);
            } else {
                memcpy(pixel, made, LUT_COLOURS);
            }
{%- endif %}
        }
    }
}

/* Take bytes of the working memory, a multiple of 8. */
static void *take(uint8_t **memory, size_t bytes)
{
    uint8_t *taken = *memory;
    *memory += (bytes + 7) & ~(size_t)7;
    return taken;
}

static state_t lay_out(void *work, int width, int height)
{
    uint8_t *memory = (uint8_t *)work + (8 - ((uintptr_t)work & 7)) % 8;
    state_t state = {0};
    state.sums = take(&memory, {{ memory.sums }});
{%- if line_kinds %}
    state.found = take(&memory, (CHUNK + 2 * {{ program.reach }}) * sizeof *state.found);
{%- endif %}
{%- if simplex %}
    state.vertices = take(&memory, sizeof(vertices_t));
{%- endif %}
    state.made = take(&memory, CHUNK * VALUES);
#ifdef LUT_SMALL
    state.tables = take(&memory, {{ memory.small_table }});
#else
    state.tables = take(&memory, {{ memory.tables }});
#endif
    state.totals = take(&memory, (size_t)width * VALUES * sizeof *state.totals);
    for (int turn = 0; turn < TURNS; turn++) {
        picture_t *picture = &state.turns[turn];
        picture->width = width, picture->height = height, picture->turn = turn;
        for (int block = 0; block < LAYERS; block++) {
            size_t rows = (size_t)blocks[block].depth;
            picture->rings[block] = take(&memory, rows * (size_t)count_row_bytes(picture, block));
        }
    }
    return state;
}
{%- if tables %}

#ifndef LUT_SMALL
static void fill_tables(int16_t *tables)
{
{%- for step in steps if step.is_one_tap %}
{%- set layer = program.steps.index(step) %}
{%- for lookup in step.lookups %}
{%- set name = "%d_%d" % (layer, loop.index0) %}
{%- set items = (lookup.places | length) * step.rotations %}
{%- if lookup.depthwise %}
{%- for batch in batches[name] %}
    for (int k = 0; k < {{ step.values }}; k++) {
        fill_{{ name }}(tables + {{ batch.offset }} + k * {{ 4 * (batch.lines | length) * lookup.levels }}, items_{{ name }}_{{ loop.index0 }}, {{ batch.lines | length }}, k);
    }
{%- endfor %}
{%- else %}
    for (int item = 0; item < {{ items }}; item++) {
        fill_{{ name }}(tables + {{ offsets[name] }} + item * {{ lookup.levels * step.values }}, item);
    }
{%- endif %}
{%- endfor %}
{%- endfor %}
}
#endif
{%- endif %}

int lut_restore(const uint8_t *in, int width, int height, ptrdiff_t stride, uint8_t *out,
                ptrdiff_t out_stride, int channels, void *work)
{
    /* How many rows the inputs and each layer are ahead of the row that is finished. */
    static const int ahead[LAYERS + 1] = { {{- ahead | join(", ") -}} };
    if (!in || !out || !work || width < 1 || height < 1 || width > LUT_MAX_SIDE
        || height > LUT_MAX_SIDE || (channels != 1 && channels != 3)) {
        return LUT_ERROR;
    }
    state_t state = lay_out(work, width, height);
{%- if tables %}
#ifndef LUT_SMALL
    fill_tables(state.tables);
#endif
{%- endif %}
    for (int colour = 0; colour < channels; colour += LUT_COLOURS) {
        for (int y = -ahead[0]; y < height; y++) {
            for (int turn = 0; turn < TURNS; turn++) {
                picture_t *picture = &state.turns[turn];
                int row = y + ahead[0];
                if (row < height) {
                    read_row(picture, row, in + row * stride, channels, colour);
                }
                for (int layer = 0; layer < LAYERS; layer++) {
                    row = y + ahead[layer + 1];
                    if (row >= 0 && row < height) {
                        run_layer(&state, picture, layer, row);
                    }
                }
            }
            if (y >= 0) {
                uint8_t *pixels = out + (ptrdiff_t)y * LUT_SCALE * out_stride + colour;
                write_row(&state, width, pixels, out_stride, channels);
            }
        }
    }
    return LUT_OK;
}
