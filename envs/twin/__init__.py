"""A robot that isn't there: servo firmware on a pseudo-terminal, moved by hidden physics.

    physics      hidden (what is kept to itself), servo_plant behind plant, the seam
    servos/      firmware of servos: bytes in, bytes out
    a process    twin, twin_process

It is the far end of the wire; the near one is in `hardware`.
"""
