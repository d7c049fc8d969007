"""Terminal display of `make study`: a bar for each running rule, and the time left.

Snakemake finds this plugin on Python's path by its name. It is the logger `rich` with an extra
column. Without a terminal, as in a file or in CI, Snakemake writes its own lines.
"""

from __future__ import annotations

from rich.progress import TextColumn, TimeRemainingColumn
from snakemake_logger_plugin_rich import LogHandler as RichHandler


class LogHandler(RichHandler):
    """Logger `rich` that also shows the time left."""

    def __post_init__(self) -> None:
        super().__post_init__()
        left = (TimeRemainingColumn(), TextColumn("left"))
        self.progress.columns = (*self.progress.columns, *left)
