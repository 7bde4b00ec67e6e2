"""Tables that show themselves in a notebook: rows of a report with its warnings, and pandas tables in full width."""

import html
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Report:
    """Rows of a name and a value, and sentences of warning; shows itself as a table in a notebook."""

    rows: list[tuple[str, str]]
    warnings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the table as plain text."""
        width = max(len(name) for name, _ in self.rows)
        return "\n".join([*(f"{name:<{width}}  {value}" for name, value in self.rows), *(f"! {warning}" for warning in self.warnings)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:left'>{html.escape(a)}</td><td style='text-align:left'>{html.escape(b)}</td></tr>"
            for a, b in self.rows
        )
        warnings = "".join(f"<li><b>{html.escape(warning)}</b></li>" for warning in self.warnings)
        return f"<table>{rows}</table>" + (f"<ul>{warnings}</ul>" if warnings else "")


@dataclass(frozen=True)
class Table:
    """A pandas table that shows itself in full width: long sentences are not cut, files go by their name. Made by `show`."""

    frame: Any

    def __repr__(self) -> str:
        """Return the table as plain text."""
        return self.frame.to_string(index=False, na_rep="")

    def _repr_html_(self) -> str:
        import pandas as pd

        with pd.option_context("display.max_colwidth", None):
            return self.frame.to_html(index=False, na_rep="", float_format="{:.4g}".format, border=0)


def show(table: Any) -> Table:
    """Show a pandas table without cutting its sentences; paths in a column ``file`` are shortened to the name.

    >>> import pandas as pd
    >>> show(pd.DataFrame({"file": ["/data/a.tif"], "status": ["done"]}))
     file status
    a.tif   done
    """
    return Table(table.assign(file=[Path(file).name for file in table["file"]]) if "file" in table else table)
