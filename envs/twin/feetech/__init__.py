"""Firmware of Feetech STS and SCS servos: bytes in, replies out.

    feetech_memory    registers, and what the lock keeps
    feetech_servo     one servo: instructions, sensors, torque
    feetech_chain     who answers what
    feetech_settings  what the registers say, for a physics step
    goal_ramp         goals in force on their way to the goals written
    guard             limits and timers: overload, overcurrent, heat, supply
    feetech_firmware  a line of them, and time

Source: Feetech's memory tables and protocol manual; what they leave open is said in the servo.
"""
