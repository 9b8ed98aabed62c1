"""Training: one loop for networks and tables, and its checkpoints."""
