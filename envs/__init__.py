"""Simulated robots: tasks, batched MuJoCo, randomization, the twin.

    a robot      robot_model (MJCF), motor_model and motors/, command_delay, simulation
    many         randomization, mixture
    a task       tasks/ (numpy alone, so that they run on a robot too)
    learning     vec_env, evaluate, gym_env and gym_ids
    the twin     hidden and servo_plant (its physics behind plant, the seam), servo_memory, servo,
                 chain and firmware (what answers), twin and twin_process (where it answers)
    errors       errors

Everything but tasks/ and errors needs MuJoCo; vec_env and gym_env need the `sim` extra whole.
"""
