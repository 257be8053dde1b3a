"""The log that tells most: how a robot is moved so that its parameters show.

    the motion   multisine, excitation (shapes of it, within a robot's limits), clearance (nothing
                 touches), scripted_walk (a walker's commands)
    on a robot   round_controller (one round of it), rounds (those of a log)
    how much     knowledge (what is told by now, and when that is enough), learner (reads it out of
                 each round), learning (beside a run)

`ashore excite` plays it; `ashore calibrate` reads it.
"""
