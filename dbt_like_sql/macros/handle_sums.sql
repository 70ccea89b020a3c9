{#- The four sums of handle time over rows whose parts are all known; no such row is null, never zero. -#}
{% macro handle_sums() -%}
        count(handle_s) as handled_n,
        sum(talk_s) filter (where handle_s is not null) as talk_s_sum,
        sum(hold_s) filter (where handle_s is not null) as hold_s_sum,
        sum(acw_s) filter (where handle_s is not null) as acw_s_sum,
        sum(handle_s) as handle_s_sum
{%- endmacro %}
