"""What a robot is: its joints and sensors, its wires, its limits, its logs."""
