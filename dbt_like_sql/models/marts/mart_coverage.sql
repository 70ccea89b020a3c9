-- grain: one row per day, queue and outcome of scoring in the current epoch; undated and agentless interactions included.
-- key: day_on, queue, scoring_outcome.
with
interactions as (
    select
        day_on,
        coalesce(queue, 'unknown') as queue,
        scoring_outcome
    from {{ ref('int_interaction') }}
),

covered as (
    select
        day_on,
        queue,
        scoring_outcome,
        count(*) as interaction_n
    from interactions
    group by day_on, queue, scoring_outcome
)

select
    day_on,
    queue,
    scoring_outcome,
    interaction_n
from covered
