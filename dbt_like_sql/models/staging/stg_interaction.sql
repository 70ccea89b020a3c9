-- grain: one row per interaction. key: interaction_id.
select
    interaction_id,
    day_on,
    channel,
    queue,
    intent,
    agent_id,
    customer_id,
    started_at,
    talk_s,
    hold_s,
    acw_s,
    handle_s,
    queue_wait_s
from {{ source('lake', 'core_interaction') }}
