"""The servos of a robot: their registers, and the talk with them above the bytes of a wire.

    registers   register, control_table, table_file; data in ../servos
    a cycle     sample_layout: what every tick reads, and its meaning in SI
    a servo     servo_line, and what differs by family: dynamixel_line, feetech_line; families
    all         roll_call: who is there; torque: letting go

A new family of servos is one line class, and one entry in `families`.
"""
