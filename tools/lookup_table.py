"""Write the pictures and the table of all workflows into ``notebooks/10_lookup_table/README.md``; ``--check`` only says whether it is current."""

import sys
from pathlib import Path

from helpers.workflows import WORKFLOWS

README = Path(__file__).resolve().parents[1] / "notebooks" / "10_lookup_table" / "README.md"
START, END = "<!-- {}: made by tools/lookup_table.py -->\n", "<!-- end of {} -->\n"


def pictures() -> str:
    """Return the pictures of all notebooks, sorted by look, two in a row."""
    shown = [row for row in sorted(WORKFLOWS.values(), key=lambda row: row.look) if (README.parent / f"{row.id}.ipynb").exists()]
    cells = [
        f"{row.look}: [{row.id}]({row.id}.ipynb), {row.structure}<br>![{row.structure}](../../docs/gallery/{row.id}.png)" for row in shown
    ]
    pairs = zip(cells[::2], [*cells[1::2], ""])
    return "| | |\n|---|---|\n" + "".join(f"| {left} | {right} |\n" for left, right in pairs)


def table() -> str:
    """Return the rows of the lookup table as markdown, sorted by look."""
    lines = ["| Look | Structure | Protein | Id | Notebook |", "|---|---|---|---|---|"]
    for workflow in sorted(WORKFLOWS.values(), key=lambda row: row.look):
        exists = (README.parent / f"{workflow.notebook}.ipynb").exists()
        notebook = f"[{workflow.notebook}.ipynb]({workflow.notebook}.ipynb)" if exists else "from Python"
        lines.append(f"| {workflow.look} | {workflow.structure} | {workflow.protein} | `{workflow.id}` | {notebook} |")
    return "\n".join(lines) + "\n"


def updated(text: str) -> str:
    """Return the README's text with pictures and table as they should be."""
    for name, content in {"pictures": pictures(), "table": table()}.items():
        start, end = START.format(name), END.format(name)
        before, rest = text.split(start)
        text = before + start + content + end + rest.split(end)[1]
    return text


if __name__ == "__main__":
    old = README.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        sys.exit(0 if old == updated(old) else f"{README} is not current: python tools/lookup_table.py")
    README.write_text(updated(old), encoding="utf-8")
