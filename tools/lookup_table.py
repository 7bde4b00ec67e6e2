"""Write the table of all workflows into ``notebooks/10_lookup_table/README.md``; ``--check`` only says whether it is current."""

import sys
from pathlib import Path

from helpers.workflows import WORKFLOWS

README = Path(__file__).resolve().parents[1] / "notebooks" / "10_lookup_table" / "README.md"
START, END = "<!-- table: made by tools/lookup_table.py -->\n", "<!-- end of table -->\n"


def table() -> str:
    """Return the rows of the lookup table as markdown, sorted by look."""
    lines = ["| Look | Structure | Protein | Id | Notebook |", "|---|---|---|---|---|"]
    for workflow in sorted(WORKFLOWS.values(), key=lambda row: row.look):
        exists = (README.parent / f"{workflow.notebook}.ipynb").exists()
        notebook = f"[{workflow.notebook}.ipynb]({workflow.notebook}.ipynb)" if exists else "from Python"
        lines.append(f"| {workflow.look} | {workflow.structure} | {workflow.protein} | `{workflow.id}` | {notebook} |")
    return "\n".join(lines) + "\n"


def updated(text: str) -> str:
    """Return the README's text with the table as it should be."""
    before, rest = text.split(START)
    return before + START + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    old = README.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        sys.exit(0 if old == updated(old) else f"{README} is not current: python tools/lookup_table.py")
    README.write_text(updated(old), encoding="utf-8")
