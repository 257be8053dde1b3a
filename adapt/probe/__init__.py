"""New heads: a classifier or a regressor on the frozen trunk, from labelled windows of logs.

    labels       label (stretches of logs and what they are called), label_file, kind, target
    windows      labelled_window (cut from logs), pooling (what the trunk makes of each)
    fair         grouping (what is independent of what), separation (what is held out), folds
    learning     linear_head (on the frozen trunk), scratch (the same network, from random weights)
    judging      probe, and the curve over how many windows were labelled; curve_figure
    on a robot   probe_head

A robot needs pooling and probe_head, which run on numpy alone; scratch needs PyTorch.
"""
