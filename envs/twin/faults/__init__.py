"""What goes wrong on a twin on purpose: `ashore twin ROBOT --faults FILE`.

    a file       example.toml tells how one is written; fault_file reads it, kinds names them all
    when         when a fault happens and to whom, drawn from the file's seed
    on the line  line_fault, the seam; reply_faults, noise_faults; wire, what they can see
    elsewhere    servo_faults, sensor_faults, imu_faults, port_faults
    faults       the calls that the twin makes, each at its place between host and physics

In lockstep nothing is waited for: `delay` and `split` show on a twin that is paced.
"""
