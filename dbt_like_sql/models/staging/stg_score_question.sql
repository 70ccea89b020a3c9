-- grain: one row per scored interaction, question and epoch. key: interaction_id, question_id, score_epoch.
select
    interaction_id,
    question_id,
    score_epoch,
    section_id,
    behaviour_id,
    answer,
    points,
    points_possible,
    called_for_n,
    done_n,
    is_advisory
from {{ source('lake', 'score_question') }}
