"""The command line: parses (commands/, one function each), wires the rooms together, prints."""
