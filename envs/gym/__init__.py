"""Gymnasium's own MuJoCo environments, many robots of one in a batch, to the last bit.

    the batch    gymnasium_env; gymnasium_world (parameters), force_batch (contact forces)
    the rules    gymnasium_template, gymnasium_kind, gymnasium_rules (known walkers),
                 gymnasium_fallback (any other, by its own code)
    variation    strength, sample_wire
    a policy     contract_vec_env

Our own robots as Gymnasium knows them are in `gym_env`, a room above.
"""
