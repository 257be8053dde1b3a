"""What `ashore log` does with the files of logs, none of which it ever overwrites.

    looked at    log_summary (what a log is of), which asks log_contents (its index, and the few
                 messages that are needed); log_inspection (everything that is wrong with it)
    made anew    log_cut, log_merge, log_anonymity (without identity_words); log_copy brings
                 messages over, and new_log gives a log its name once it is whole

Memory does not grow with a log's length.
"""
