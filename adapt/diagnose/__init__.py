"""What a log is worth, and what it shows of the wires and sensors that it came through.

    the log      record (its signals side by side), flaw (what is wrong with it, where, and what
                 to do), usability, which asks clock, gaps, motion, agreement (of its tables),
                 saturation, poison and fall
    the inputs   shift (what is wired or mounted otherwise, and the spec that mends it),
                 rereading (a log as another spec would have read it), suspicion (which of many
                 shifts explains a log best), input_shifts, which asks
                 tracking (goals against positions), load (currents against gravity),
                 footing (feet that stand still), balance (the inertial sensor),
                 offsets (encoders of a base that stands fast), lateness (goals that come late)
    dynamics     diagnosis (parameters against the ranges of pretraining)

All of it needs the `sim` extra.
"""
