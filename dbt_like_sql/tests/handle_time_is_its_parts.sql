-- The lake's own handle time says what its parts say, and is unknown when one of them is.
select
    interaction_id,
    talk_s,
    hold_s,
    acw_s,
    handle_s
from {{ ref('stg_interaction') }}
where
    (handle_s is null) <> (talk_s + hold_s + acw_s is null)
    or abs(talk_s + hold_s + acw_s - handle_s) > 1e-6
