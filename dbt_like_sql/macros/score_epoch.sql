{#- The epoch whose scores count, as a literal. An epoch is a hash without a date, so which one is newest is the caller's knowledge. -#}
{% macro score_epoch() -%}
    '{{ var("score_epoch") }}'
{%- endmacro %}
