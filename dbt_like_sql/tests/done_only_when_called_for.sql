-- A behaviour is done at most as often as it was called for, and answers never outnumber interactions.
select
    agent_id,
    week_on,
    question_id
from {{ ref('mart_behaviour_week') }}
where
    done_n > called_for_n
    or na_n + null_n > interaction_n
