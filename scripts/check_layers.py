#!/usr/bin/env python3
"""Holds every #include of src/, apps/ and include/ to the layer table of CMakeLists.txt.

The table is what the dynsplit_layer(NAME DEPENDS ... LIBRARIES ...) lines say: a layer may include
itself and what it depends on, directly or not, and third-party headers only of the libraries named
there. Programs in apps/ see every layer, but no library of a layer; nothing sees apps/. The public
headers in include/ know the standard library and each other.

usage: check_layers.py [ROOT]         exit 1 and one line for each wrong include
       check_layers.py --self-test    plants wrong includes in a copy and wants each one found
"""

import pathlib
import re
import shutil
import sys
import tempfile

LAYER = re.compile(r"dynsplit_layer\(\s*([^)]*)\)", re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
MAX_PUBLIC_HEADERS = 15

# The library that a third-party header belongs to: its name as CMakeLists.txt writes it. None: for
# programs only.
THIRD_PARTY = [
    (re.compile(r"hwy/"), "hwy::hwy"),
    (re.compile(r"liburing\.h$"), "PkgConfig::LIBURING"),
    (re.compile(r"(ggml|gguf)[a-z-]*\.h$"), "ggml::ggml"),
    (re.compile(r"pcre2\.h$"), "PkgConfig::PCRE2"),
    (re.compile(r"(CLI|nlohmann|fmt|spdlog|prometheus)/|(httplib|zlib)\.h$"), None),
]
# Headers that need no library: the system's, and xxhash.h, of which everything is inline.
POSIX = re.compile(r"(sys|linux|arpa|netinet)/\w+\.h$|"
                   r"(unistd|fcntl|signal|pthread|sched|poll|xxhash)\.h$")
# Standard headers have neither a folder nor an ending, but for C's and the compiler's own.
STANDARD = re.compile(r"\w+$|(immintrin|stdint|stddef)\.h$")


def read_table(root):
    """{layer: (its dependencies, its libraries)} from CMakeLists.txt."""
    text = re.sub(r"#.*", "", (root / "CMakeLists.txt").read_text())
    table = {}
    for match in LAYER.finditer(text):
        name, *words = match.group(1).split()
        lists = {"DEPENDS": [], "LIBRARIES": []}
        current = None
        for word in words:
            if word in lists:
                current = lists[word]
            else:
                current.append(word)
        table[name] = (lists["DEPENDS"], lists["LIBRARIES"])
    return table


def closure(table, layer):
    """The layers and the libraries that `layer` may see, itself included."""
    layers, libraries = {layer}, set(table[layer][1])
    for dependency in table[layer][0]:
        more_layers, more_libraries = closure(table, dependency)
        layers |= more_layers
        libraries |= more_libraries
    return layers, libraries


def third_party(name):
    """(True, library) of a third-party header, (False, None) of any other."""
    for pattern, library in THIRD_PARTY:
        if pattern.match(name):
            return True, library
    return False, None


def why_wrong(table, place, name):
    """Why a file of `place` (a layer, "apps" or "include") must not include `name`; "" if it may."""
    if place == "include":
        if name.startswith("dynsplit/") or STANDARD.match(name):
            return ""
        return "a public header knows only the standard library and dynsplit/"
    if name.startswith("dynsplit/"):
        return ""
    # Programs see every layer, but reach the layers' own libraries only through them.
    layers, libraries = (set(table), {None}) if place == "apps" else closure(table, place)
    foreign, library = third_party(name)
    if foreign:
        if library in libraries:
            return ""
        return f"{place} does not link {library or 'what only programs use'}"
    folder = name.split("/")[0]
    if folder in table:
        return "" if folder in layers else f"{place} does not depend on {folder}"
    if place == "apps" or POSIX.match(name) or STANDARD.match(name):
        return ""
    return "neither of a layer, nor standard, nor a library that this script knows"


def files_of(root):
    """(place, path) of every C++ file under the rules."""
    for folder in ("src", "apps", "include"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".h", ".cc", ".cu"):
                yield path.relative_to(root / "src").parts[0] if folder == "src" else folder, path


def check(root):
    """One line for each thing that is wrong."""
    table = read_table(root)
    problems = []
    num_public = 0
    for place, path in files_of(root):
        shown = path.relative_to(root)
        num_public += place == "include"
        if place not in table and place not in ("apps", "include"):
            problems.append(f"{shown}: {place} is no layer of CMakeLists.txt")
            continue
        for match in INCLUDE.finditer(path.read_text()):
            reason = why_wrong(table, place, match.group(2))
            if reason:
                line = path.read_text()[: match.start(1)].count("\n") + 1
                problems.append(f"{shown}:{line}: {match.group(2)}: {reason}")
    if num_public > MAX_PUBLIC_HEADERS:
        problems.append(f"include/: {num_public} public headers, at most {MAX_PUBLIC_HEADERS}")
    return problems


PLANTED = [
    ("src/base/planted.h", "kernels/kv_view.h"),
    ("src/kernels/planted.cc", "cache/semantic_cache.h"),
    ("src/split/planted.cc", "index/block_index.h"),
    ("src/cache/planted.cc", "ggml.h"),
    ("src/cache/planted.cc", "model/weights.h"),
    ("src/model/planted.cc", "hwy/highway.h"),
    ("src/model/arch/planted.cc", "cache/semantic_cache.h"),
    ("src/engine/planted.cc", "fmt/core.h"),
    ("src/engine/planted.cc", "apps/cli/flags.h"),
    ("apps/cli/planted.cc", "ggml.h"),
    ("src/nowhere/planted.cc", "vector"),
    ("include/dynsplit/planted.h", "ggml.h"),
    ("include/dynsplit/planted.h", "base/check.h"),
]


def self_test(root):
    """The rules find each planted include, and only that one."""
    problems = []
    for place, header in PLANTED:
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder)
            shutil.copy(root / "CMakeLists.txt", copy)
            path = copy / place
            path.parent.mkdir(parents=True)
            path.write_text(f'#include <vector>\n\n#include "{header}"\n')
            found = check(copy)
            if len(found) != 1 or "planted" not in found[0]:
                problems.append(f"planted {header} in {place}: found {found}")
    return problems


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    if sys.argv[1:] == ["--self-test"]:
        problems = self_test(root)
    else:
        problems = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
