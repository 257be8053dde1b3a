"""Simulated robots: tasks, batched MuJoCo, randomization, the twin.

    many robots  simulation, simulation_config; dice (random numbers that belong to each robot)
    learning     vec_env and what it is made of (batch_vec_env), coverage
    judging      evaluate, error_tally
    surviving    snapshot (robots in the middle of their episodes), object_graph
    tasks/       what a robot is asked to do (numpy alone, so that it runs on a robot too)
    physics/     one robot as MuJoCo steps it, motors/ (what servos are), and every parameter of it
    randomize/   how robots come to differ, and proof that they do
    play/        one robot under a policy, for people to watch and to drive
    twin/        a robot that isn't there, on a pseudo-terminal
    draft/       from a user's MJCF or URDF to a robot's folder
    gym/         Gymnasium's own MuJoCo environments in a batch
    Gymnasium    gym_env and gym_ids: our robots as Gymnasium knows them
    pictures     offscreen
    errors       errors

Everything but tasks/, dice and errors needs MuJoCo; vec_env and gym_env need the `sim` extra whole.
"""
