"""Plumbing that computes no value of a result: errors, atomic files, cores, environment."""
