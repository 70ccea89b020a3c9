{#- Start of the half-hour an instant falls into, as an instant. -#}
{% macro half_hour_of(instant) -%}
    time_bucket(interval '30 minutes', {{ instant }})
{%- endmacro %}
