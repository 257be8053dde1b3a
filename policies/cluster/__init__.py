"""Rollouts past one machine: squads of robots, and a learner that is sent what they lived through.

    squad       some of the robots, a copy of the actor, and what it takes to go on after a kill
    parcel      what a squad sends: whole rollouts as arrays
    crew        all squads as one vector environment, on whatever runs them
    ray_hands   squads as actors of Ray
    recruit     how robots are split over squads

Robots draw by their number, so a training is the same however they are split over squads.
"""
