"""Fitting a robot on legs to its walk: where its base is, no sensor tells.

    before       prior (what a robot may be), crowd (robots whose numbers are known)
    watching     watched (simulated walks), walk_log (those of a log), gait_window (what is read)
    reading      estimator, estimator_training, belief (what is told, and robots like it), refine
                 (by simulation), likelihood (what its regression tells), conditioning (on what else
                 was measured), ridge_regression (of both)
    evidence     range_test (is it one that pretraining knows), rehearsal (held-out walks, walked
                 again), walk_findings
    all of it    fit

All of it needs the `sim` extra.
"""
