"""A robot that isn't there: servo firmware on a pseudo-terminal, moved by hidden physics.

    physics      hidden (what is kept to itself), servo_plant and base_motion behind plant,
                 held_plant (in a stand), witness, who writes down what truly happens
    firmware     device (what hangs on a line) and the reply it gives, devices by protocol,
                 firmware_config
    servos/      firmware of Dynamixel servos: bytes in, replies out
    feetech/     firmware of Feetech servos
    imu/         the inertial sensor and its own line
    line/        the wire: its schedule, and who keeps a twin to it
    faults/      what goes wrong on purpose; sensed_plant
    a process    port, twin_config, twin, twin_process

It is the far end of the wire; the near one is in `hardware`.
"""
