#!/usr/bin/env python3
"""Wants tests/<layer>/.../x_test.cc for every src/<layer>/.../x.cc.

The _ref.cc and _simd.cc of a kernel are covered by the test of the kernel, which compares them.
What has no test of its own is in EXEMPT, files and folders, with the reason.

usage: check_test_mirror.py [ROOT]         exit 1 and one line for each source without its test
       check_test_mirror.py --self-test    wants a planted source without a test to be found
"""

import pathlib
import re
import sys
import tempfile

PARTS_OF_A_KERNEL = re.compile(r"_(ref|simd)$")
EXEMPT = {
    "model/arch": "tests/engine/architectures_test.cc runs whole models",
}


def check(root):
    """One line for each thing that is wrong."""
    problems = [f"{name} is exempt but does not exist" for name in EXEMPT
                if not (root / "src" / name).exists()]
    for path in sorted((root / "src").rglob("*.cc")):
        source = path.relative_to(root / "src")
        if str(source) in EXEMPT or str(source.parent) in EXEMPT:
            continue
        stem = PARTS_OF_A_KERNEL.sub("", path.stem)
        if not list((root / "tests" / source.parts[0]).rglob(f"{stem}_test.cc")):
            problems.append(f"src/{source}: no tests/{source.parts[0]}/{stem}_test.cc")
    return problems


def self_test():
    """A source with its test passes, and one without is found."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in ("src/base/a.cc", "src/base/b.cc", "src/base/b_simd.cc", "tests/base/b_test.cc"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).touch()
        found = [line for line in check(root) if "exempt" not in line]
        return [] if found == ["src/base/a.cc: no tests/base/a_test.cc"] else [f"found {found}"]


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    if sys.argv[1:] == ["--self-test"]:
        problems = self_test()
    else:
        problems = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
