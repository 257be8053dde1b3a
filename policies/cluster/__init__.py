"""Rollouts past one machine: squads of robots, and a learner that is sent what they lived through.

    squad       some of the robots, a copy of the actor, and what it takes to go on after a kill
    parcel      what a squad sends: whole rollouts as arrays
    crew        all squads as one vector environment, on whatever runs them
    joining     a cluster of Ray that this process is in
    ray_hands   squads as actors of Ray
    recruit     how robots are split over squads
    errands     whole commands on a cluster, each in a process of its own

Robots draw by their number, so a training is the same however they are split over squads.
"""
