"""The notebooks as they lie in git: no output, no secret, all of it Python that parses."""
import ast
import json
import re

import pytest
from conftest import ROOT

PATHS = sorted((ROOT / "analysis/notebooks").glob("*.ipynb"))


def test_all_five_are_there():
    assert [path.name[:2] for path in PATHS] == ["01", "02", "03", "04", "05"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_is_stripped_and_parses(path):
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert notebook["nbformat"] == 4
    assert set(notebook["metadata"]) <= {"kernelspec", "language_info"}, "run `./dev notebooks strip`"
    for cell in notebook["cells"]:
        assert cell["metadata"] == {}, "run `./dev notebooks strip`"
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None, "run `./dev notebooks strip`"
            ast.parse("".join(cell["source"]))
    assert not re.search(r"password\s*=|://[^/\s\"']+:[^@\s\"']+@|api_key|token\s*=", text)
