"""A serial line: bytes, packets, questions and who answered.

bytes      transport
packets    dynamixel with frame: pure codecs
questions  exchange, bus
"""
