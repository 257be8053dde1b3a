"""`ashore sweep`: trials that differ in settings and seed, and a table of what came of them.

    trial            one trial: its setting, its seed, and the command that it is
    train_trials     trainings, and how each policy is judged
    adapt_trials     adaptations, and what is read of each
    sweep_table      means and intervals over seeds, setting by setting
    sweep_page       the page of it
    sweeping         all trials run, several at a time, then told

A new kind of trial is a module beside `train_trials`, and its line in `sweeping`.
"""
