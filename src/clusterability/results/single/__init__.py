"""Scores of one network in memory: its known groups, and what a long score tells and keeps."""
