"""The page of `ashore open`: logs on a time bar, in curves and in 3-D.

    shown_log    one log as the page asks for it: signals by name, stretches, events, predictions
    scene        the robots in MuJoCo's web viewer, at the time that the page shows
    server       the page and what it asks for, for this machine alone
    page/        the page itself: HTML, style and script

Times on the page begin with each log's first message, so that two logs lie over one another.
"""
