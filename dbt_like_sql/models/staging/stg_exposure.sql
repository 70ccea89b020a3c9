-- grain: one row per event of a coaching item. key: agent_id, item_id, exposure_kind, exposed_at.
select
    agent_id,
    item_id,
    exposure_kind,
    exposed_at,
    mechanism,
    delay_s
from {{ source('lake', 'core_exposure') }}
