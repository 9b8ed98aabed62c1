{%- set step = each.step %}
{%- set sheet = each.sheet %}
{%- set first = sheets[each.blocks[0]] %}
{{ begin(each.bound, sheet.columns, sheet.rows, [sheet.planes, 4] | min, "layer %d of %d" % (layer, passes | length), save=sheet.name) }}

precision highp int;
ivec2 extent; // of the picture
ivec2 pixel; // of which four values are made,
int group; // which four,
int turn; // and for which turn of the picture
{%- if each.needs_values %}
ivec4 values; // their numbers, or -1
{%- endif %}
ivec2 across, down; // a column and a row further, seen by what is turned

void turn_to(int quarters)
{
    const ivec2 turned[] = ivec2[](ivec2(1, 0), ivec2(0, 1), ivec2(-1, 0), ivec2(0, -1));
    across = turned[quarters & 3], down = turned[(quarters + 1) & 3];
}

// Find what a pixel of the texture stands for: cells as large as the picture lie side by side.
void find_pixel(vec2 share, vec2 size)
{
    extent = ivec2(size) / ivec2({{ first.columns }}, {{ first.rows }});
    ivec2 at = ivec2(share * vec2(extent * ivec2({{ sheet.columns }}, {{ sheet.rows }})));
    ivec2 cell = at / extent;
    int number = cell.y * {{ sheet.columns }} + cell.x;
    pixel = at - cell * extent;
    group = {{ "number %% %d" % sheet.groups if sheet.turns > 1 else "number" }};
    turn = {{ "number / %d" % sheet.groups if sheet.turns > 1 else 0 }};
}

// Find which position is read by a tap, which may lie beyond a border.
ivec2 find(int row, int column)
{
    ivec2 at = pixel + row * down + column * across;
{%- if program.padding == "edge" %}
    return clamp(at, ivec2(0), extent - 1);
{%- else %}
    ivec2 period = max(2 * (extent - 1), 1);
    at = (at + 64 * period) % period;
    return min(at, period - at);
{%- endif %}
}
{%- for block in each.blocks %}
{%- set source = sheets[block] %}

// Read the levels of four planes.
vec4 read_{{ block }}(ivec2 at, int four)
{
{%- if source.turns > 1 %}
    four += turn * {{ source.groups }};
{%- endif %}
{%- if source.rows > 1 %}
    at += extent * ivec2(four % {{ source.columns }}, four / {{ source.columns }});
{%- endif %}
    return floor(texelFetch({{ source.name }}_raw, at, 0) * 255.0 + 0.5);
}
{%- endfor %}
{%- if step.is_one_tap %}
{%- include "mpv/one_tap.glsl" %}
{%- else %}
{%- include "mpv/simplex.glsl" %}
{%- endif %}
{%- if each.residuals.given %}

// Find what is added to one value.
float find_residual(int value)
{
{%- for value, taps in each.residuals.given.items() %}
    if (value == {{ value }}) {
        return {{ taps | map("read") | join(" + ") }};
    }
{%- endfor %}
    return 0.0;
}
{%- endif %}

vec4 hook()
{
    find_pixel({{ first.name }}_pos, {{ first.name }}_size);
{%- if each.needs_values %}
    const ivec4 numbers[] = ivec4[](
{%- for numbers in each.groups %}
        ivec4({{ numbers | join(", ") }}){{ "," if not loop.last }}
{%- endfor %}
    );
    values = numbers[group];
{%- endif %}
    vec4 sum = vec4(0.0);
{%- if step.rotations > 1 %}
    for (int quarters = {{ step.rotations - 1 }}; quarters >= 0; quarters--) {
{%- if each.cyclic %}
        sum = sum.yzwx; // what a turn finds goes to the next value of each four
{%- endif %}
        turn_to(turn + quarters);
        sum += look_up();
    }
{%- else %}
    turn_to(turn);
    sum += look_up();
{%- endif %}
    // Divide and round half to even; {{ step.shift }} divisors more make the dividend positive.
    ivec4 dividend = ivec4(sum) + {{ step.bias + step.shift * step.divisor + step.divisor // 2 }};
    ivec4 rounded = dividend / {{ step.divisor }};
{%- if step.divisor % 2 == 0 %}
    rounded -= (rounded & 1) * ivec4(equal(rounded * {{ step.divisor }}, dividend));
{%- endif %}
    vec4 level = vec4(rounded - {{ step.shift }});
{%- for tap in each.residuals.alike %}
    level += {{ tap | read }};
{%- endfor %}
{%- for tap in each.residuals.planes %}
    level += read_{{ tap.block }}(find({{ tap.row }}, {{ tap.column }}), {{ tap.channel // 4 }} + group);
{%- endfor %}
{%- if each.residuals.given %}
    level += vec4(find_residual(values.x), find_residual(values.y),
                  find_residual(values.z), find_residual(values.w));
{%- endif %}
{%- if step.constants | unique | list | length > 1 %}
    const vec4 constants[] = vec4[](
{%- for constants in each.constants %}
        vec4({{ constants | join(", ") }}){{ "," if not loop.last }}
{%- endfor %}
    );
    level += constants[group];
{%- elif step.constants[0] %}
    level += {{ step.constants[0] }}.0;
{%- endif %}
    return clamp(level, 0.0, {{ step.levels - 1 }}.0) / 255.0;
}
