-- grain: one row per survey answer. key: survey_id.
select
    survey_id,
    interaction_id,
    respondent,
    survey_item,
    survey_value,
    scale_max
from {{ source('lake', 'core_survey') }}
