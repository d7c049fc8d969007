"""Analyses of a study's tables: choice of k, agreement, detection, prediction, verdicts."""
