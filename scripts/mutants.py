#!/usr/bin/env python3
"""Breaks one guarantee after the other in a copy of the sources, and expects the named tests to fail.

    scripts/mutants.py [--list] [--from N] [--count N] [--results FILE] [NAME ...]

Prints a Markdown table and ends with 1 when a mutant survives, does not build or no longer applies. The mutants are
described in scripts/mutants.txt. The copy is made in .build-mutants, with what is built already: a mutant costs an
incremental build. As root the copy is mounted over the repository in a name space of its own, since the compiler
remembers absolute paths; other users build everything once more.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPY = ROOT / ".build-mutants"
INSIDE = "FLASHCTL_MUTANTS_INSIDE"
COPIED = ["Sources", "Tests", "Package.swift", "Package.resolved", "scripts", "README.md", "docs", "Makefile", "bench"]
BUILD_LIMIT, TEST_LIMIT = 1800, 300


class Mutant:
    def __init__(self, name):
        self.name, self.breaks, self.file = name, "", ""
        self.tests, self.old, self.new = [], [], []

    def apply(self, root):
        """Changes the file; the text before, or None when the lines are not there exactly once."""
        path = root / self.file
        before = path.read_text()
        old, new = ("".join(line + "\n" for line in lines) for lines in (self.old, self.new))
        # Whole lines only.
        if not old or ("\n" + before).count("\n" + old) != 1:
            return None
        path.write_text(("\n" + before).replace("\n" + old, "\n" + new)[1:])
        return before

    def filter(self):
        """What `swift test --filter` selects the tests by; names with spaces stand in backticks."""
        return "|".join(
            re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", suite) + "/.?" + re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", test)
            + r"`?\(" for suite, test in (name.split("/", 1) for name in self.tests))


def read(path):
    mutants = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("== "):
            mutants.append(Mutant(line[3:]))
        elif line.startswith("-") and mutants:
            mutants[-1].old.append(line[1:])
        elif line.startswith("+") and mutants:
            mutants[-1].new.append(line[1:])
        elif line and not line.startswith("#"):
            key, _, value = line.partition(": ")
            if not mutants or key not in ("breaks", "file", "test") or not value:
                sys.exit(f"{path}:{number}: not understood")
            if key == "test":
                mutants[-1].tests.append(value)
            else:
                setattr(mutants[-1], key, value)
    return mutants


def run(command, limit):
    """Exit status and output; None when it took too long. The whole process group is ended."""
    environment = dict(os.environ, NO_COLOR="1", LC_ALL="C.UTF-8")
    process = subprocess.Popen(command, cwd=ROOT, env=environment, text=True, start_new_session=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output, _ = process.communicate(timeout=limit)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        output, _ = process.communicate()
        return None, output


def tests(mutant):
    """How many of the named tests ran, and how many of them failed by an expectation."""
    status, output = run(["swift", "test", "--skip-build", "--filter", mutant.filter()], TEST_LIMIT)
    ran = re.search(r"Test run with (\d+) tests?", output)
    failed = len(re.findall(r"^. Test (?!run with|case ).* failed after ", output, re.M))
    recorded = len(re.findall(r"^. Test .* recorded an issue", output, re.M))
    return status, int(ran.group(1)) if ran else 0, failed if recorded else 0, output


def judge(mutant):
    before = mutant.apply(ROOT)
    if before is None:
        return "no longer applies", ""
    try:
        status, output = run(["swift", "build", "--build-tests"], BUILD_LIMIT)
        if status != 0:
            return "does not build", "\n".join(line for line in output.splitlines() if "error:" in line)[:2000]
        status, ran, failed, output = tests(mutant)
        if ran != len(mutant.tests):
            return f"{ran} of {len(mutant.tests)} tests ran", output[-2000:]
        killed = status != 0 and failed == ran
        return ("killed" if killed else f"survived {ran - failed} of {ran} tests"), output[-2000:]
    finally:
        (ROOT / mutant.file).write_text(before)


def make_copy():
    """Keeps what an earlier run has built: only what differs is copied."""
    COPY.mkdir(exist_ok=True)
    build = COPY / ".build"
    if not build.exists() and (ROOT / ".build").exists():
        subprocess.run(["cp", "-a", "--reflink=auto", str(ROOT / ".build"), str(build)], check=True)
    for name in COPIED:
        source, target = ROOT / name, COPY / name
        if source.is_dir():
            update_folder(source, target)
        elif source.exists():
            update_file(source, target)


def update_folder(source, target):
    target.mkdir(exist_ok=True)
    wanted = {entry.name for entry in source.iterdir()}
    for entry in target.iterdir():
        if entry.name not in wanted:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for entry in source.iterdir():
        (update_folder if entry.is_dir() else update_file)(entry, target / entry.name)


def update_file(source, target):
    if not target.exists() or target.read_bytes() != source.read_bytes():
        shutil.copy2(source, target)


def enter():
    """Goes on in the copy, at the path of the repository if that can be had."""
    make_copy()
    arguments = [sys.executable, "scripts/mutants.py", *sys.argv[1:]]
    os.environ[INSIDE] = "1"
    if os.geteuid() == 0 and shutil.which("unshare"):
        script = 'mount --bind "$1" "$2" && cd "$2" && shift 2 && exec "$@"'
        os.execvp("unshare", ["unshare", "-m", "sh", "-c", script, "sh", str(COPY), str(ROOT), *arguments])
    os.chdir(COPY)
    os.execv(sys.executable, arguments)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="run these mutants only")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    parser.add_argument("--from", type=int, default=1, dest="first", help="number of the first mutant")
    parser.add_argument("--count", type=int, default=10**6, help="how many")
    parser.add_argument("--results", type=pathlib.Path, help="append the rows of the table to this file, too")
    options = parser.parse_args()
    mutants = read(ROOT / "scripts/mutants.txt")
    if options.list:
        return print("\n".join(f"{number}. {mutant.name}" for number, mutant in enumerate(mutants, 1)))
    if INSIDE not in os.environ:
        enter()
    chosen = [mutant for mutant in mutants[options.first - 1:][:options.count]
              if not options.names or mutant.name in options.names]
    if not chosen:
        sys.exit("there is no such mutant: see --list")
    print("| mutant | guarantee that is broken | killed by |\n|---|---|---|", flush=True)
    bad = 0
    for mutant in chosen:
        started = time.monotonic()
        verdict, details = judge(mutant)
        by = ", ".join(f"`{test}`" for test in mutant.tests)
        row = f"| {mutant.name} | {mutant.breaks} | {by if verdict == 'killed' else '**' + verdict + '**'} |"
        print(row, flush=True)
        print(f"{mutant.name}: {verdict} after {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        if options.results:
            with options.results.open("a") as results:
                results.write(row + "\n")
        if verdict != "killed":
            bad += 1
            print(details, file=sys.stderr, flush=True)
    print(f"{len(chosen) - bad} of {len(chosen)} mutants killed", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
