{%- for lookup in step.lookups %}
{%- set number = loop.index0 %}
{%- set columns = each.columns[number] %}
{%- set name = columns.texture.name %}
{%- if lookup.depthwise %}

// Interpolate a column at a level, in units: a cell holds both ends, as two bytes each.
float find_{{ number }}(float level, int column)
{
    float position = level * {{ 0.5 ** columns.interval }}, cell = floor(position);
    vec4 bytes = texelFetch({{ name }}, ivec2(int(cell), column), 0);
    vec2 ends = bytes.xz * 256.0 + bytes.yw;
    return floor(mix(ends.x, ends.y, position - cell) * {{ columns.highest }}.0 + 0.5) - {{ columns.zero }}.0;
}

// The same for four columns of a place, each at a level of its own.
vec4 find_{{ number }}(vec4 levels, int place)
{
    int column = (place * {{ sheet.groups }} + group) * 4;
    return vec4(find_{{ number }}(levels.x, column), find_{{ number }}(levels.y, column + 1),
                find_{{ number }}(levels.z, column + 2), find_{{ number }}(levels.w, column + 3));
}
{%- else %}

// Interpolate four columns of a place at a level, in units.
vec4 find_{{ number }}(float level, int place)
{
    int row = place * {{ sheet.groups }} + group;
{%- if columns.interval %}
    float position = level * {{ 0.5 ** columns.interval }}, cell = floor(position);
    vec4 lower = texelFetch({{ name }}, ivec2(int(cell), row), 0);
    vec4 upper = texelFetch({{ name }}, ivec2(int(cell) + 1, row), 0);
    vec4 found = mix(lower, upper, position - cell);
{%- else %}
    vec4 found = texelFetch({{ name }}, ivec2(int(level), row), 0);
{%- endif %}
    return floor(found * {{ columns.highest }}.0 + 0.5) - {{ columns.zero }}.0;
}
{%- endif %}
{%- endfor %}

// Add up what all places find.
vec4 look_up()
{
    vec4 levels, sum = vec4(0.0);
{%- for lookup in step.lookups %}
{%- set number = loop.index0 %}
{%- if not lookup.depthwise %}
{%- for read, takers in lookup | reads %}
    levels = read_{{ read.block }}(find({{ read.row }}, {{ read.column }}), {{ read.four }});
{%- for channel, place in takers %}
    sum += find_{{ number }}(levels.{{ channel | letter }}, {{ place }});
{%- endfor %}
{%- endfor %}
{%- else %}
{%- for tap in lookup.places %}
{%- if tap.channel % 4 == 0 and each.in_order %}
    levels = read_{{ tap.block }}(find({{ tap.row }}, {{ tap.column }}), {{ tap.channel // 4 }} + group);
{%- else %}
    for (int k = 0; k < 4; k++) {
        int plane = max(values[k], 0) + {{ tap.channel }};
        levels[k] = read_{{ tap.block }}(find({{ tap.row }}, {{ tap.column }}), plane / 4)[plane % 4];
    }
{%- endif %}
    sum += find_{{ number }}(levels, {{ loop.index0 }});
{%- endfor %}
{%- endif %}
{%- endfor %}
    return sum;
}
