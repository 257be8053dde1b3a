"""The wire between host and servos: how long bytes take on it, and what they do to one another.

    levels       bytes as voltages, for packets that collide
    adapter      a USB adapter, which hands over what it received when it pleases
    line         the schedule: who speaks when, and when the host gets it
    served       a twin as those see it who let its time pass:
    pacer        at the moments of the line's schedule
    unpaced      as fast as it can
    device_clock real time, as the servos count it

It knows replies and their moments, and nothing of what is in them.
"""
