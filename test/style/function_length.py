#!/usr/bin/env python3
# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions of at most 80 lines: function_length.py ROOT | --example

Measures every function of the C and C++ sources, from the line with its opening brace to the one
with its closing brace. What is in braces at file or class scope is a function if it follows a
parameter list; tables are initialisers and are not measured. Lambdas count as lines of the
function that they are in. --example prints a source with two functions that are too long.
"""
import os
import re
import sys

MOST = 80
FOLDERS = ["dialects", "include", "lib", "passes", "runtime", "tools"]

TOKENS = re.compile(
    r'R"(?P<delimiter>[^()\s\\]*)\(.*?\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])*'"
    r"|//[^\n]*|/\*.*?\*/"
    r"|^[ \t]*\#(?:\\\n|[^\n])*",
    re.DOTALL | re.MULTILINE,
)


def plain(text):
    """The text without literals, comments and directives, line for line."""
    return TOKENS.sub(lambda match: "0" + "\n" * match.group().count("\n"), text)


def opens_function(head):
    """Whether what stands between the last ;, { or } and a brace declares a function."""
    head = head.strip()
    if re.search(r"(^|[^=!<>+*/-])=\s*$|\breturn$|\boperator=$", head):
        return False
    if re.match(r"(template\s*<.*>\s*)?(typedef\s+)?(class|struct|union|enum|namespace|extern)\b", head,
                re.DOTALL) and not re.search(r"\)\s*(const|noexcept|override|final|->[^{]*)*$", head):
        return False
    return "(" in head


def functions(text):
    """(name, first line, last line) of every function that is not in another."""
    scopes = []  # What each open brace belongs to: "scope", "function" or "other".
    head = 0
    for match in re.finditer(r"[{};]", text):
        position, mark = match.start(), match.group()
        inside = scopes and scopes[-1][0] != "scope"
        if mark == "{":
            before = text[head:position]
            if inside:
                kind = "other"
            elif opens_function(before):
                kind = "function"
            elif re.search(r"\b(namespace|class|struct|union|extern)\b", before) and "=" not in before:
                kind = "scope"
            else:
                kind = "other"
            scopes.append((kind, position, before))
        elif mark == "}" and scopes:
            kind, start, before = scopes.pop()
            if kind == "function":
                names = re.findall(r"([~\w:]+(?:<[^()]*>)?|operator\W+)\s*\(", before)
                yield (names[0] if names else "?", text.count("\n", 0, start) + 1,
                       text.count("\n", 0, position) + 1)
        if not inside or mark != ";":
            head = position + 1


def example():
    body = ["{"] + ["  use(0);"] * (MOST - 1) + ["}"]
    print("\n".join(
        ["namespace {", "// A comment with a brace: {", "int inNamespace(int x = '{') " + body[0]] + body[1:]
        + ["struct Class final : Base {", '  Class() : text("}") {}', "  static auto inClass() -> int " + body[0]]
        + body[1:] + ["};", "const int table[] = {"] + ["  0,"] * 100 + ["};", "} // namespace"]))


def main():
    root = sys.argv[1]
    if root == "--example":
        example()
        return 0
    count, bad = 0, 0
    for folder in FOLDERS:
        for path, _, names in sorted(os.walk(os.path.join(root, folder))):
            for name in sorted(names):
                if not name.endswith((".cpp", ".h", ".c")):
                    continue
                file = os.path.join(path, name)
                with open(file, encoding="utf-8") as source:
                    text = plain(source.read())
                for function, first, last in functions(text):
                    count += 1
                    if last - first + 1 > MOST:
                        bad += 1
                        print(f"{os.path.relpath(file, root)}:{first}: {function} has "
                              f"{last - first + 1} lines, more than {MOST}")
    print(f"{count} functions, {bad} too long")
    return 1 if bad or count < 1000 else 0


if __name__ == "__main__":
    sys.exit(main())
