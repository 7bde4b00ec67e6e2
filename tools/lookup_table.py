"""Write the pictures and the table of all workflows into the READMEs of ``notebooks``; ``--check`` only says whether they are current."""

import sys
from pathlib import Path

from helpers.workflows import WORKFLOWS

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
README = NOTEBOOKS / "10_lookup_table" / "README.md"
START_README = NOTEBOOKS / "00_start" / "README.md"
START, END = "<!-- {}: made by tools/lookup_table.py -->\n", "<!-- end of {} -->\n"


def pictures() -> str:
    """Return the pictures of all notebooks, sorted by look, two in a row."""
    shown = [row for row in sorted(WORKFLOWS.values(), key=lambda row: row.look) if (README.parent / f"{row.id}.ipynb").exists()]
    cells = [
        f"{row.look}: [{row.id}]({row.id}.ipynb), {row.structure}<br>![{row.structure}](../../docs/gallery/{row.id}.png)" for row in shown
    ]
    pairs = zip(cells[::2], [*cells[1::2], ""])
    return "| | |\n|---|---|\n" + "".join(f"| {left} | {right} |\n" for left, right in pairs)


def looks() -> str:
    """Return one row a look: what it is called, and a thumbnail of each notebook for it."""
    by_look: dict[str, list] = {}
    for row in sorted(WORKFLOWS.values(), key=lambda row: row.look):
        if (README.parent / f"{row.id}.ipynb").exists():
            by_look.setdefault(row.look, []).append(row)
    lines = ["| What you see | Notebook: raw, found, found along z |", "|---|---|"]
    for look, rows in by_look.items():
        shown = [
            f'[{row.id}](../10_lookup_table/{row.id}.ipynb), {row.structure}<br><img src="../../docs/gallery/{row.id}.png" width="420">'
            for row in rows
        ]
        lines.append(f"| {look} | {'<br>'.join(shown)} |")
    return "\n".join(lines) + "\n"


def table() -> str:
    """Return the rows of the lookup table as markdown, sorted by look."""
    lines = ["| Look | Structure | Protein | Id | Notebook |", "|---|---|---|---|---|"]
    for workflow in sorted(WORKFLOWS.values(), key=lambda row: row.look):
        exists = (README.parent / f"{workflow.notebook}.ipynb").exists()
        notebook = f"[{workflow.notebook}.ipynb]({workflow.notebook}.ipynb)" if exists else "from Python"
        lines.append(f"| {workflow.look} | {workflow.structure} | {workflow.protein} | `{workflow.id}` | {notebook} |")
    return "\n".join(lines) + "\n"


def updated(path: Path) -> str:
    """Return the text of a README with pictures and tables as they should be."""
    text = path.read_text(encoding="utf-8")
    for name, content in {"pictures": pictures, "table": table, "looks": looks}.items():
        start, end = START.format(name), END.format(name)
        if start in text:
            before, rest = text.split(start)
            text = before + start + content() + end + rest.split(end)[1]
    return text


if __name__ == "__main__":
    for path in (README, START_README):
        if "--check" not in sys.argv:
            path.write_text(updated(path), encoding="utf-8")
        elif path.read_text(encoding="utf-8") != updated(path):
            sys.exit(f"{path} is not current: python tools/lookup_table.py")
