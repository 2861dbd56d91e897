# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""The Python in README.md runs, from top to bottom."""

import pathlib
import re
import runpy


def test_the_readme_runs(tmp_path):
    text = (pathlib.Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) == 3
    program = tmp_path / "readme.py"
    program.write_text("\n".join(blocks), encoding="utf-8")
    runpy.run_path(str(program))
