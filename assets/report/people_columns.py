"""What the columns of the data sets about people and machine mean: unit and meaning, for dictionary and manifest."""

_MEASURES = {
    "raw": ("0..1", "Share of agreeing answers."),
    "kappa": ("−1..1", "Cohen's kappa; among people Fleiss' kappa."),
    "ac1": ("−1..1", "Gwet's AC1."),
    "alpha": ("−1..1", "Krippendorff's alpha, nominal."),
    "sensitivity": ("0..1", "Share of people's yes that the machine answered yes."),
    "specificity": ("0..1", "Share of people's no that the machine answered no."),
    "na_recall": ("0..1", "Share of people's not called for that the machine answered so."),
}


def _all() -> dict[str, tuple[str, str]]:
    found = {
        "n": ("n", "Interactions."),
        "double_n": ("n", "Interactions labelled by two people or more."),
        "measure": ("", "The coefficient the gate reads: kappa, or ac1 where one answer dominates."),
        "same_value": ("−1..1", "The measure on interactions labelled twice only."),
        "value": ("−1..1", "The measure, machine against people."),
        "human": ("−1..1", "The measure, people among themselves."),
        "is_shown": ("", "Enough labels to be shown."),
        "is_flagged": ("", "Fewer than 50 labels."),
        "status": ("", "live, advisory or too few labels."),
        "grouped_by": ("", "What a group is: all, queue, team or month."),
        "group": ("", "The group."),
        "label_n": ("n", "Interactions labelled at random with a known probability."),
        "machine": ("0..100", "Mean machine score on the questions people answered too."),
        "machine_low": ("0..100", "Low end of its 95 % interval."),
        "machine_high": ("0..100", "High end of its 95 % interval."),
        "corrected": ("0..100", "Mean score as people would give it."),
        "corrected_low": ("0..100", "Low end of its 95 % interval."),
        "corrected_high": ("0..100", "High end of its 95 % interval."),
        "least_probability": ("0..1", "Smallest probability with which a label was drawn."),
        "note": ("", "Why there is no corrected mean."),
    }
    for name, (unit, meaning) in _MEASURES.items():
        for key, whose in ((name, "machine and people"), (f"human_{name}", "people among themselves")):
            found[key] = (unit, f"{meaning} Between {whose}.")
            found[f"{key}_low"] = (unit, f"Low end of the 95 % interval of {key}.")
            found[f"{key}_high"] = (unit, f"High end of the 95 % interval of {key}.")
    return found


PEOPLE_COLUMNS: dict[str, tuple[str, str]] = _all()
