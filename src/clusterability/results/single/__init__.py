"""Scores of one network in memory: known groups, progress, and work kept after interruptions."""
