{%- set table = each.tables[0] %}

vec4 read_row(int row)
{
    return texelFetch({{ table.name }}, ivec2(row & {{ table.width - 1 }}, row >> {{ table.width.bit_length() - 1 }}), 0);
}
{%- for diagonal, other, reach, rows in each.kinds %}

// Interpolate in a simplex, in units; the rows of a table begin at a pixel of the texture.
vec4 find_{{ loop.index0 }}(vec4 levels, int start)
{
    ivec4 taps = ivec4(levels);
    bool close = all(lessThanEqual(abs(taps.yzw - taps.x), ivec3({{ reach | join(", ") }})));
    int interval = close ? {{ diagonal.interval }} : {{ other.interval }};
    ivec4 strides = close ? ivec4({{ diagonal.strides | join(", ") }}) : ivec4({{ other.strides | join(", ") }});
    ivec4 steps = (taps >> interval) * strides;
    int row = start + {{ rows }} * group + (close ? {{ diagonal.offset }} : {{ other.offset }});
    row += steps.x + steps.y + steps.z + steps.w;
    // The fraction of each tap in its cell, above the stride of its axis: sorting moves both.
    ivec4 keys = (taps & ((1 << interval) - 1)) << ({{ step.unit.bit_length() + 15 }} - interval) | strides;
    ivec2 high = max(keys.xz, keys.yw), low = min(keys.xz, keys.yw);
    ivec2 middle = ivec2(min(high.x, high.y), max(low.x, low.y));
    keys = ivec4(max(high.x, high.y), max(middle.x, middle.y),
                 min(middle.x, middle.y), min(low.x, low.y));
    vec4 fractions = vec4(keys >> 16);
    strides = keys & 65535;
    vec4 sum = ({{ step.unit }}.0 - fractions.x) * read_row(row);
    row += strides.x;
    sum += (fractions.x - fractions.y) * read_row(row);
    row += strides.y;
    sum += (fractions.y - fractions.z) * read_row(row);
    row += strides.z;
    sum += (fractions.z - fractions.w) * read_row(row);
    row += strides.w;
    sum += fractions.w * read_row(row);
    return floor(sum * 255.0 + 0.5) - {{ 128 * step.unit }}.0;
}
{%- endfor %}

// Add up what all places find.
vec4 look_up()
{
    vec4 sum = vec4(0.0);
{%- for lookup in step.lookups %}
{%- set number = loop.index0 %}
{%- for place in lookup.places %}
    sum += find_{{ each.kinds.index(lookup | kind) }}(vec4(
        {{ place | map("read") | join(",\n        ") }}
    ), {{ each.starts[number][loop.index0] }});
{%- endfor %}
{%- endfor %}
    return sum;
}
