{{ begin(["HOOKED"], 1, 1, 4, "bits of pixels", save=sheets[0].name) }}

vec4 hook()
{
    vec4 seen = clamp(HOOKED_tex(HOOKED_pos) * 255.0, 0.0, 255.0), pixel = floor(seen + 0.5);
    vec4 made = vec4(0.0);
{%- for input in program.inputs %}
    made.{{ loop.index0 | letter }} = mod(floor(pixel.{{ input.colour | letter }} * {{ 0.5 ** input.shift }}), {{ 2 ** input.bits }}.0) / 255.0;
{%- endfor %}
{%- if keeps_rest %}
    made.w = seen.x - pixel.x + 0.5; // what a film of more than 8 bits holds beyond them
{%- endif %}
    return made;
}
