{#- Values outside [low, high] or not a number, with their column's name; null passes, and so does a bound that is not given. -#}
{% test in_range(model, ranges) %}
{%- for column, bounds in ranges.items() %}
select
    '{{ column }}' as column_name,
    cast({{ column }} as double) as value
from {{ model }}
where
    isnan(cast({{ column }} as double))
    {%- if bounds[0] is not none %}
    or {{ column }} < {{ bounds[0] }}
    {%- endif %}
    {%- if bounds[1] is not none %}
    or {{ column }} > {{ bounds[1] }}
    {%- endif %}
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
{% endtest %}
