"""What hurts, and the command that mends it: looks at computer, port and servos, changes nothing.

    one thing found  finding
    the computer     machine_check (latency timer, rights, processors), port_check (access, holders)
    the servos       patient (what one told, and its line), survey (asks them)
    their checks     line_check (who is there), setting_check, health_check
    the IMU          imu_check
    all of it        doctor

Another check is a function that gives findings, and its place in one of the lists of checks.
"""
