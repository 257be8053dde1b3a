"""A run on a robot: the loop, what may end it, and who takes torque off when nobody else can.

    the loop     runner; its time: clock, pacer; who decides: controller; how it went: run_result
    its words    state (where a run is, and the exit codes)
    a tick       guard, made of safety (what may reach the motors), base_danger (the inertial
                 sensor), limit_watch (temperature, voltage, current over time), leap_watch
                 (encoders that slip) and repeats (few events of many)
    its end      release (sink instead of drop), stop_input (buttons)
    beside it    heartbeat, which starts the supervisor (a process of its own); realtime
    before it    robot_match (is this the robot that the policy was made for)

It knows robots by the protocol `Robot` alone.
"""
