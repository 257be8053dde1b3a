"""Has the policy left what it was validated for: asked at every tick of a run on a robot.

    what is known   watch (a bundle's attachment)
    on the robot    drift_watch, numpy alone
    in the lab      validated: sessions are simulated, and charts drawn of them

A robot needs watch and drift_watch; the others need MuJoCo.
"""
