{{ config(meta={'dagster': {'ref': {'name': 'mart_agent_week'}}}) }}
-- In every mart, talk + hold + after-call work is handle time, to a billionth.
{% for mart in ['mart_agent_day', 'mart_agent_week', 'mart_queue_interval', 'mart_handle_time'] %}
select
    '{{ mart }}' as mart,
    talk_s_sum,
    hold_s_sum,
    acw_s_sum,
    handle_s_sum
from {{ ref(mart) }}
where
    (handle_s_sum is null) <> (handled_n = 0)
    or abs(talk_s_sum + hold_s_sum + acw_s_sum - handle_s_sum) > 1e-9 * greatest(handle_s_sum, 1)
{% if not loop.last %}union all{% endif %}
{% endfor %}
