{%- set sheet = sheets[-1] %}
{{ begin([sheet.name, sheets[0].name] if keeps_rest else [sheet.name], program.scale, program.scale, program.colours, "pixels") }}

precision highp int;

// Make a pixel of what all turns add up to.
float make_pixel(ivec2 pixel, ivec2 extent, int value)
{
    // Where each value lies, at each turn: four times the cell, and the channel.
    const int places[] = int[](
        {{ places | join(", ") }}
    );
    int total = {{ program.turns * program.lowest }};
    for (int turn = 0; turn < {{ program.turns }}; turn++) {
        int place = places[turn * {{ passes[-1].step.values }} + value], cell = place / 4;
        ivec2 at = pixel + extent * ivec2(cell % {{ sheet.columns }}, cell / {{ sheet.columns }});
        total += int(texelFetch({{ sheet.name }}_raw, at, 0)[place % 4] * 255.0 + 0.5);
    }
    int dividend = total + {{ 1024 * program.divisor + program.divisor // 2 }}, rounded = dividend / {{ program.divisor }};
{%- if program.divisor % 2 == 0 %}
    rounded -= (rounded & 1) * int(rounded * {{ program.divisor }} == dividend); // half to even
{%- endif %}
    return float(clamp(rounded - {{ 1024 - program.bias }}, 0, 255));
}

vec4 hook()
{
    ivec2 extent = ivec2({{ sheet.name }}_size) / ivec2({{ sheet.columns }}, {{ sheet.rows }});
    ivec2 at = ivec2({{ sheet.name }}_pos * vec2(extent * {{ program.scale }})), pixel = at / {{ program.scale }};
    ivec2 within = at - pixel * {{ program.scale }};
    int value = within.y * {{ program.scale }} + within.x;
    vec4 made = vec4(0.0, 0.0, 0.0, 255.0);
{%- for colour in range(program.colours) %}
    made.{{ colour | letter }} = make_pixel(pixel, extent, value + {{ colour * program.scale ** 2 }});
{%- endfor %}
{%- if keeps_rest %}
    made.x += texelFetch({{ sheets[0].name }}_raw, pixel, 0).w - 0.5;
{%- endif %}
    return made / 255.0;
}
