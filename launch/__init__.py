"""The command line: parses, wires the rooms together, prints."""
