"""What `ashore bench adapt` measures, piece by piece.

    the twins    cases, work (one twin, its log, its adaptation), wire (an episode on it)
    compared     strategies (how each policy comes to be), measure (what it earns)
    besides      alarms (of the range test), coverage (of what is believed), curve (by seconds of
                 log), labels (a new head), transfer (of wrong logs, made by spoiling)
    told         summary, picture
    kept         keeping

Every piece is kept as soon as it is known, so that a run that was killed goes on there.
"""
