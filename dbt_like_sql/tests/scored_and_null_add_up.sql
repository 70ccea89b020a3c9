-- An interaction has a score or has none: the two counts make up the whole.
select
    agent_id,
    day_on,
    interaction_n,
    scored_n,
    null_n
from {{ ref('mart_agent_day') }}
where scored_n + null_n <> interaction_n
