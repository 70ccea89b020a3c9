-- grain: one row per quote or searched interval behind an answer. key: interaction_id, question_id, evidence_no, score_epoch.
select
    interaction_id,
    question_id,
    evidence_no,
    score_epoch,
    turn,
    quote
from {{ source('lake', 'score_evidence') }}
