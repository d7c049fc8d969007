"""What `make study` shows in a terminal: a bar for each rule that runs, and the time that is left.

Snakemake finds this by its name on the path of Python. It is the logger `rich` with a column more;
without a terminal, as in a file or in CI, Snakemake writes its own lines.
"""

from __future__ import annotations

from rich.progress import TextColumn, TimeRemainingColumn
from snakemake_logger_plugin_rich import LogHandler as RichHandler


class LogHandler(RichHandler):
    """The logger `rich`, which tells how long it still takes, too."""

    def __post_init__(self) -> None:
        super().__post_init__()
        left = (TimeRemainingColumn(), TextColumn("left"))
        self.progress.columns = (*self.progress.columns, *left)
