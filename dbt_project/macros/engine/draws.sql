{# A whole number from 0 up to draw_range() that a text stands for: always the same one, and texts spread evenly. #}
{% macro text_draw(text) -%}
    {{ return(adapter.dispatch('text_draw', 'retention')(text)) }}
{%- endmacro %}

{% macro duckdb__text_draw(text) -%}
    cast('0x' || substr(md5({{ text }}), 1, 5) as integer)
{%- endmacro %}

{% macro spark__text_draw(text) -%}
    cast(conv(substring(md5({{ text }}), 1, 5), 16, 10) as int)
{%- endmacro %}

{# Five hexadecimal digits. #}
{% macro draw_range() -%}{{ return(1048576) }}{%- endmacro %}
