"""What a robot is: its joints and sensors, its wires, its limits, its logs.

    a robot      spec, joint_spec, body_spec, tables (reading specs), robots/ (folders that ship)
    a policy's   contract
    a tick       reading, robot (the protocol), serial_robot, servo_line, clock
    the wire     transport, frame, dynamixel (the codec), exchange, bus, control_table, servos/
    a run        safety, runner
    a log        log, log_writer and what they are made of (log_*)
    others' logs bam, puppersim
    errors       errors

It needs numpy, pyserial and mcap, so that a robot's own computer can carry it.
"""
