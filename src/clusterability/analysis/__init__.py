"""Questions asked of the rows of a study: choice of k, agreement, detection, prediction."""
