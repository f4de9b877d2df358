"""The main job from end to end on a throw-away platform: everything it shows is SIMULATED."""
