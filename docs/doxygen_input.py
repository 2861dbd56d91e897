#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""Copies the headers and the pages into a folder, as Doxygen reads them best: doxygen_input.py FOLDER.

Lines keep their numbers.
Of headers:
    the inline namespace of the compiler's flags, which no user writes, goes, and so does what only engines call: pairs
    and rules of the losses, and the members of a loss from `name` on;
    an indented block of a comment is an example or a formula, and keeps its lines;
    what is thrown and the source stand in paragraphs of their own.
Of pages:
    formulas and links as GitHub has them become Doxygen's.
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def without(pattern, text):
    return re.sub(pattern, lambda match: "\n" * match.group().count("\n"), text, flags=re.MULTILINE | re.DOTALL)


def header(text, path):
    text = without(r"^inline namespace CONTRASTIVE_FLAGS \{$|^\}  // namespace CONTRASTIVE_FLAGS$", text)
    if f"{os.sep}losses{os.sep}" in path:
        text = without(r"(?:^///[^\n]*\n)*(?:^template [^\n]*\n)?^struct \w+_(?:pairs|rule)\b[^;\n]*\{\n.*?^\};$", text)
        text = without(r'^  static constexpr const char\* name = "\w+";\n.*?(?=^\};$)', text)
    text = re.sub(r"^( *)/// (?=(?:Arguments|Edges|Memory|Source|Throws)\b)", r"\1/// <p>", text, flags=re.MULTILINE)
    return re.sub(r"^ *///\n(?: *///  .*\n)(?: *///(?:  .*)?\n)*", comment_block, text, flags=re.MULTILINE)


def comment_block(match):
    block = match.group()
    if re.match(r" *///\n *///  +- ", block):
        return block  # a list
    language = ".cpp" if re.search(r"contrastive::|;$", block, flags=re.MULTILINE) else ".unparsed"
    lines = block.rstrip("/ \n").splitlines()
    end = block.splitlines()[len(lines) :]
    lines[0] += f" @code{{{language}}}"
    lines[-1] += " @endcode"
    return "\n".join(lines + end).replace("///   ", "/// ") + "\n"


def label(path, fragment=""):
    """The name that a page, or a heading in it, has in the whole reference."""
    name = os.path.relpath(path, ROOT).removeprefix("docs/").removesuffix(".md")
    return re.sub(r"\W+", "_", f"page_{name}" + (f"_{fragment}" if fragment else ""))


def heading(path, match):
    marks, title = match.groups()
    fragment = "" if marks == "#" else re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
    return f"{marks} {title} {{#{label(path, fragment)}}}"


def link(path, match):
    words, target, fragment = match.groups()
    file = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
    if not os.path.exists(file):
        sys.exit(f"{os.path.relpath(path, ROOT)}: error: a link to {target}, which is not there")
    if os.path.isdir(file):
        file = os.path.join(file, "README.md")
    if file.endswith(".md") and os.path.exists(file):
        words = words.replace("`", "")  # Doxygen would show them
        return f"[{words}](@ref {label(file, fragment)})"
    return words  # no part of the reference


def prose(text, path):
    text = re.sub(r"^<!-- .* -->$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^(#+) +(.*?)$", lambda m: heading(path, m), text, flags=re.MULTILINE)
    text = re.sub(r"(?<!!)\[([^\]]+)\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)", lambda m: link(path, m), text)
    parts = re.split(r"(`[^`\n]+`)", text)  # text, code, text, …
    parts[::2] = [re.sub(r"(?<![\\$])\$([^$\n]+)\$", r"\\f$\1\\f$", part) for part in parts[::2]]
    return "".join(parts)


def block(text):
    if text.startswith("```math\n"):
        return "\\f[" + text.removeprefix("```math").removesuffix("```") + "\\f]"
    return re.sub(r"^```(\w+)$", r"```{.\1}", text, count=1, flags=re.MULTILINE)


def page(text, path):
    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)  # prose, block, prose, …
    parts[::2] = [prose(part, path) for part in parts[::2]]
    parts[1::2] = [block(part) for part in parts[1::2]]
    return "".join(parts)


def files():
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        yield os.path.join(ROOT, name)
    for folder, endings in (("docs", ".md"), ("examples", ".md"), ("include", (".hpp", ".cuh"))):
        for where, _, names in os.walk(os.path.join(ROOT, folder)):
            yield from (os.path.join(where, name) for name in names if name.endswith(endings))


def main():
    for path in files():
        with open(path, encoding="utf-8") as file:
            text = file.read()
        copy = os.path.join(sys.argv[1], os.path.relpath(path, ROOT))
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        with open(copy, "w", encoding="utf-8") as file:
            file.write(page(text, path) if path.endswith(".md") else header(text, path))


if __name__ == "__main__":
    main()
