{#- The head of a pass, which makes so many pixels for each that there are. -#}
{%- macro begin(textures, columns, rows, components, what, save=none) -%}
//!DESC {{ name }}: {{ what }}
//!HOOK {{ hook }}
{%- for texture in textures %}
//!BIND {{ texture }}
{%- endfor %}
{%- if save %}
//!SAVE {{ save }}
{%- endif %}
//!WIDTH HOOKED.w {{ columns }} *
//!HEIGHT HOOKED.h {{ rows }} *
//!COMPONENTS {{ components }}
{%- if program.scale > 1 %}
//!WHEN OUTPUT.w HOOKED.w / {{ enlarged }} > OUTPUT.h HOOKED.h / {{ enlarged }} > *
{%- endif %}
{%- endmacro -%}
