"""Firmware of Dynamixel X-series servos: bytes in, replies out.

    one servo    servo_memory (registers), rules (what may be written), servo (what it is told)
    the line     chain (who answers), joint_reply (the packet of several)
    each step    settings (registers as arrays), profile and control (loops), watch (timers and
                 faults), gauges (sensors as registers)
    everything   firmware

Source: ROBOTIS e-manual; what it leaves open is said in `servo`.
"""
