-- grain: one row per interaction and epoch, always. key: interaction_id, score_epoch.
select
    interaction_id,
    score_epoch,
    overall,
    null_reason
from {{ source('lake', 'score_interaction') }}
