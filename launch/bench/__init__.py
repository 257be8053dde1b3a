"""`ashore bench`: figures that are followed over time, each beside a peer measured in the same run.

    all of them      benching (their names), figure (a row), table, memory; page/ (all in one run)
    speed            bench_envs, bench_quadruped; bench_train, learners, bench_inference
    the wire         bench_bus, bench_cycles, bus_clients, bench_ticks, bench_soak
    logs             bench_logs, mcap_peer
    many machines    bench_scale
    calibration      bench_calibrate, bench_pupper; bench_sysid, sysid_peer
    adaptation       bench_adapt; adapt/ (hidden twins, strategies, what each earns)

A benchmark is a `run(data, short)` that returns rows, named in `benching.BENCHES`.
"""
