"""One robot as MuJoCo steps it: model, motors, gears, ground, sensors, and all that can differ.

    the model    robot_model (MJCF to MjModel), engine (the library itself), rotation;
                 warp_batch (the same simulations on a CUDA device)
    motors       servo_model (motor files), motor_model, duty_motor and pd_motor (control laws),
                 motors (of a robot), command_delay, backlash, delta_action (what else)
    the base     free_base, bumps (rough ground), standing
    sensors      wire_model (noise, lateness, loss), sample_history
    parameters   parameter, parameter_set, model_fields (MuJoCo's own), limbs

What is put together from these is a `Simulation`.
"""
