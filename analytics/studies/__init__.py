"""Effect studies: did the coaching work, for any unit and any period.

`longpanel` checks the input once; estimators are functions from a LongPanel to an Estimate. Sees numbers, never a transcript.
"""
