"""What a robot is asked to do. These modules need numpy alone, so they run on the robot too."""
