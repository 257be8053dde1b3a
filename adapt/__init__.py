"""From a robot's log to a better policy: diagnose, calibrate, fine-tune, gate, report.

    the log      trajectory, policy_steps, measured (its reward), reaction (how late joints move)
    fit          fitted (what every fit gives), fixed_base (by replay), walking/ (without the base)
    calibrate    replay, replay_set, side_by_side (parameters of several robots), joint_error,
                 priors, least_squares, posterior, calibrate,
                 residual (where parameters don't explain the log), held_out
    diagnose/    what a log is worth, which input shifts it shows, what else differs
    fine-tune    tuning/ (the final layers, rung by rung)
    the gate     interval, evidence, episode_draw, examine, gate, verdict
    on a robot   trial, group_sequential
    of many      likeness (which robots are alike), exchange (whose policies serve whom),
                 findings_file
    new heads    probe/ (on the frozen trunk, from labelled windows)
    all of it    adaptation, lineage (the steps before, and the way back)
    for people   report and document (its page), figures, picture, gap/ (a log beside simulation)
    errors       errors

A robot needs verdict, trial, group_sequential, interval, measured, and of probe/ what it names; the
others need the `sim` extra.
"""
