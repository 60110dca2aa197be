"""Population statistics: the visible-defect fraction, sizes, and their intervals.

`evidence` describes what is known of each particle, and which labels may count.
`sample` gives them weights, `difference_estimator` a fraction with its variance, and
`visible_defects` the result with its sentences. The other modules answer further
questions with the same evidence. May import modules at the root of `core` only.
"""
