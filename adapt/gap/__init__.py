"""How far a log is from simulation: what `ashore replay` finds.

    the robots   simulator (the nominal one, and those that a log was read as)
    the log      conduct (how it came about: clock, losses, limits, events), moving_base
    replayed     way (where a replay starts anew), replay_job (windows in several simulators),
                 gap (errors by signal, joint and horizon, summed by tally), signal (units),
                 lags (how late joints follow, on the robot and in simulation)
    the policy   parity (run again on what it saw)
    for people   gap_figures, gap_page

Only gap and what draws need a simulation; parity and conduct run on numpy.
"""
