"""One servo: its registers (control_table, data in ../servos) and the talk with it (servo_line)."""
