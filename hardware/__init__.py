"""What a robot is: its joints and sensors, its wires, its limits, its logs.

    a robot      spec, made of *_spec, read by tables; robots/ (folders that ship)
    a policy's   contract
    a tick       reading, robot (the protocol), serial_robot
    wire/        transport, codecs, bus
    imu/         an inertial sensor on a line of its own: codecs, its samples in a reading
    servo/       a servo's registers and the talk with it; servos/ (control tables that ship)
    run/         the control loop and its safety
    logs/        our logs; log_tools/ cuts, merges and checks them; catalogue/ has folders of them
    doctor/      what hurts a run: computer, port, servos, and what mends it
    importers/   others' logs; exporters/ ours for others
    new_place    a file or folder that appears whole or not at all
    errors       errors

It needs numpy, pyserial and mcap, so that a robot's own computer can carry it.
"""
