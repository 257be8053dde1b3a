"""The inertial sensor of a twin: on a tty of its own, moved by the same plant as the servos.

    what it is    imu_config, and a robot's: robot_imu
    firmware      imu_firmware: true motion in, bytes out, by its own clock
    on a plant    felt_plant, which shows it each step of the physics
    on a line     imu_line

Its codec is the one that listens to it in `hardware`.
"""
