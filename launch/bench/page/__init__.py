"""All benchmarks in one run: a table, and a page that opens from disk.

    aims         what the figures ought to reach
    bench_report what was measured, as a file
    run_all      runs each benchmark in a process of its own, and goes on where it was stopped
    comparing    what fell beside an earlier report
    bench_page   the page

`ashore bench all` is run_all.
"""
