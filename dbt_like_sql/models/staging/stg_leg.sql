-- grain: one row per agent's part of an interaction. key: interaction_id, leg_no.
select
    interaction_id,
    leg_no,
    agent_id,
    queue,
    is_abandoned,
    disposition
from {{ source('lake', 'core_leg') }}
