"""The logs under a folder as a dataset: `ashore logs`.

    catalogue        what there is, its tags, and its split
    log_split        train, validation and held-out, by trajectory and by excitation
    log_marks        logs.toml, which people can read, and the index is rebuilt from
    log_index_file   the index, in SQLite

What is held out is never learned from.
"""
