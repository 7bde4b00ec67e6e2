"""Make notebooks fit for git: no outputs, no counts, stable cell ids, minimal metadata. ``--check`` only names what is untidy."""

import json
import sys
from pathlib import Path

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def tidy(text: str) -> str:
    """Return the notebook's JSON text in the one form that is committed."""
    notebook = json.loads(text)
    ids = set()
    for number, cell in enumerate(notebook["cells"], 1):
        if not cell.get("id") or cell["id"] in ids:
            cell["id"] = next(name for name in (f"cell-{number:02}", *(f"cell-{number:02}-{k}" for k in range(99))) if name not in ids)
        ids.add(cell["id"])
        source = "".join(cell["source"]).rstrip()
        cell["source"] = source.splitlines(keepends=True)
        tags = cell.get("metadata", {}).get("tags", [])
        cell["metadata"] = {"tags": tags} if tags else {}
        cell.pop("attachments", None) if not cell.get("attachments") else None
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    notebook["cells"] = [cell for cell in notebook["cells"] if "".join(cell["source"]).strip()]
    notebook.update(metadata=METADATA, nbformat=4, nbformat_minor=5)
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    """Tidy the given notebooks or folders; with ``--check`` change nothing and return 1 if one is untidy."""
    check = "--check" in arguments
    places = [Path(argument) for argument in arguments if not argument.startswith("-")] or [Path("notebooks")]
    files = [file for place in places for file in (sorted(place.rglob("*.ipynb")) if place.is_dir() else [place])]
    untidy = []
    for file in files:
        if ".ipynb_checkpoints" in file.parts or "results" in file.parts:
            continue
        before = file.read_text(encoding="utf-8")
        after = tidy(before)
        if before != after:
            untidy.append(file)
            if not check:
                file.write_text(after, encoding="utf-8")
    for file in untidy:
        print(f"{'untidy' if check else 'tidied'}: {file}")
    return 1 if check and untidy else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
