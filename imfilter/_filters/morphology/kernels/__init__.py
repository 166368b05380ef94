"""Compiled loops of morphology: queues, reconstruction, plateaus, runs of binary images, and areas."""
