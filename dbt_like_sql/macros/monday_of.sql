{#- Monday of the ISO week a date falls into. -#}
{% macro monday_of(date_expression) -%}
    cast(date_trunc('week', {{ date_expression }}) as date)
{%- endmacro %}
