"""All that is measured: scores on benchmark sets, speed, competitors, accesses to tables."""
