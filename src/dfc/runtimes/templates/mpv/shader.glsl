{%- from "mpv/begin.glsl" import begin with context -%}
// {{ name }}: {{ program.title }}, for {{ program.task }}: {{ program.table_bytes }} bytes of tables.
// Printed by `dfc export`; not meant to be edited. Use: mpv --glsl-shader={{ name }}.glsl FILM
//
// A level travels between passes as level / 255, which rounding gives back, whatever the format of
// textures is. Floats hold whole numbers alone, or what is rounded to them: all is exact.
{%- for each in passes %}
{%- for texture in each.tables %}

//!TEXTURE {{ texture.name }}
//!SIZE {{ texture.width }} {{ texture.height }}
//!FORMAT {{ {1: "r", 2: "rg", 4: "rgba"}[texture.channels] }}{{ texture.bits }}
//!FILTER NEAREST
{{ texture.data.hex() }}
{%- endfor %}
{%- endfor %}

{% include "mpv/input.glsl" %}
{%- for each in passes %}
{%- set layer = loop.index %}
{% include "mpv/layer.glsl" %}
{%- endfor %}
{% include "mpv/pixels.glsl" -%}
