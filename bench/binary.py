#!/usr/bin/env python3
"""Builds flashctl with other flags, measures size and start, and writes docs/BINARY.md. See `--help`."""

import argparse
import datetime
import json
import lzma
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import types

import report
from measurements import first_code, say, sold_out
from programs import HERE, Failure, Flashctl, free_port, raise_file_limit

ROOT = os.path.dirname(HERE)
# The first one is what `make build` makes.
VARIANTS = {
    "chosen": "--static-swift-stdlib",
    "shared": "",
    "size": "--static-swift-stdlib -Xswiftc -Osize",
    "cross-module": "--static-swift-stdlib -Xswiftc -cross-module-optimization",
    "all sections": "--static-swift-stdlib --disable-dead-strip",
}
VERSIONS = 40


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "BINARY.md"))
    parser.add_argument("--built", action="append", default=[], metavar="NAME=PATH",
                        help="measure this program instead of building the variant NAME: " + ", ".join(VARIANTS))
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS), help="by default all")
    parser.add_argument("--starts", type=int, default=7, help="starts of the server, of each variant")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of refusals, of each variant; 0: none")
    parser.add_argument("--seconds", type=int, default=4, help="length of a round")
    parser.add_argument("--json", help="also write the bare numbers to this file")
    return parser.parse_args()


def build(name, flags):
    """The program, in a build folder of its own: flags that change would build everything anew elsewhere."""
    folder = os.path.join(ROOT, ".build-binary-" + name.replace(" ", "-"))
    command = ["swift", "build", "-c", "release", "--product", "flashctl", "--scratch-path", folder, *flags.split()]
    say(" ".join(command))
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    return os.path.join(folder, "release", "flashctl")


def libraries(binary):
    """Name and path of everything that the loader brings in."""
    text = subprocess.run(["ldd", binary], check=True, capture_output=True, text=True).stdout
    return dict(re.findall(r"^\s*(\S+) => (\S+)", text, re.M))


def sizes(binary, folder):
    stripped = os.path.join(folder, "stripped")
    subprocess.run(["strip", "--strip-all", "-o", stripped, binary], check=True)
    with open(stripped, "rb") as file:
        packed = len(lzma.compress(file.read(), preset=6))
    names = libraries(binary)
    swift = [path for path in names.values() if "/swift/" in path]
    return {
        "file": os.path.getsize(binary), "stripped": os.path.getsize(stripped), "packed": packed,
        "libraries": len(names), "swift": len(swift), "swift_bytes": sum(os.path.getsize(path) for path in swift),
    }


def version_time(binary):
    started = time.perf_counter()
    subprocess.run([binary, "--version"], check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - started) * 1000


def serve_start(flashctl):
    """From the start of the process, with both stores up, to the first 201; and the most memory until then."""
    started = time.monotonic()
    server = flashctl.serve(free_port())
    try:
        while not first_code(server.port, f"u{started}"):
            if server.process.poll() is not None or time.monotonic() - started > 30:
                raise Failure(f"no 201 within 30 s of the start:\n{server.log_tail()}")
            time.sleep(0.001)
        taken = (time.monotonic() - started) * 1000
        memory = server.peak_memory()
        server.stop()
        return taken, memory
    finally:
        server.kill()


def measure(programs, options, folder):
    """All variants in turn, so that a machine that slows down favours none. The stores are those of the first one."""
    results = {name: {"flags": VARIANTS[name], **sizes(path, folder)} for name, path in programs.items()}
    versions, starts, memories = ({name: [] for name in programs} for _ in range(3))
    for _ in range(VERSIONS):
        for name, path in programs.items():
            versions[name].append(version_time(path))
    keeper = Flashctl(programs["chosen"], folder)
    server = keeper.serve(free_port())
    try:
        server.wait_ready()
        for number in range(options.starts):
            say(f"start {number + 1}")
            for name, path in programs.items():
                taken, memory = serve_start(Flashctl(path, folder))
                starts[name].append(taken)
                memories[name].append(memory)
        server.stop()
    finally:
        server.kill()
    for name, path in programs.items() if options.rounds else []:
        say(f"refusals, {name}")
        own = os.path.join(folder, name.replace(" ", "-"))
        os.mkdir(own)
        results[name]["refusals"] = refusals(Flashctl(path, own), options)
    for name, result in results.items():
        result["version_ms"] = statistics.median(versions[name])
        result["start_ms"] = statistics.median(starts[name])
        result["memory_mb"] = statistics.median(memories[name])
    return results


def refusals(flashctl, options):
    """Part of what nginx does in the same minutes."""
    settings = types.SimpleNamespace(rounds=options.rounds, seconds=options.seconds, warmup=2, connections=128)
    server = flashctl.serve(free_port())
    try:
        server.wait_ready()
        found = sold_out(flashctl, server, settings)
        server.stop()
    finally:
        server.kill()
    return found["ratio"]


def package_of(path):
    real = os.path.realpath(path)
    # dpkg knows a file of /lib by the one name or by the other.
    for name in (path, real, "/usr" + real, real.removeprefix("/usr")):
        result = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True, check=False)
        if result.returncode == 0:
            return result.stdout.split(":")[0]
    return "?"


def needed(binary):
    """The libraries that the program itself names, and the packages that have them."""
    text = subprocess.run(["objdump", "-p", binary], check=True, capture_output=True, text=True).stdout
    names = re.findall(r"^\s*NEEDED\s+(\S+)", text, re.M)
    paths = libraries(binary)
    return [(name, package_of(paths[name])) for name in names if name in paths]


def megabytes(count):
    return f"{count / 1e6:.1f}"


def document(results, chosen, options):
    base = results["chosen"]
    day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    rows = []
    for name, result in results.items():
        outside = f", {result['swift']} of Swift with {megabytes(result['swift_bytes'])} MB" if result["swift"] else ""
        rows.append(
            f"| `{result['flags'] or 'no more'}` "
            f"| {megabytes(result['file'])} | {megabytes(result['stripped'])} | {megabytes(result['packed'])} "
            f"| {result['libraries']}{outside} | {result['version_ms'] / base['version_ms']:.2f} "
            f"| {result['start_ms'] / base['start_ms']:.2f} | {result['memory_mb']:.0f} "
            f"| {format(result['refusals'], '.2f') if 'refusals' in result else 'not measured'} |"
        )
    part = base["start_ms"] / report.LIMITS["milliseconds"]
    libraries_of_it = "\n".join(f"| `{name}` | {package} |" for name, package in needed(chosen))
    missing = [f"`{flags or 'no more'}`" for name, flags in VARIANTS.items() if name not in results]
    left_out = "\nNot built in this run:\n" + ",\n".join(missing) + ".\n" if missing else ""
    return f"""# The binary

Written by `make bench-binary` on {day}: what a release build weighs, what it needs, and how fast it starts, with
the flags that were tried. Sizes are in MB of 1,000,000 bytes.

| `swift build -c release` and | file | stripped | packed (xz) | libraries loaded | `--version` \
| `serve` to the first 201 | peak memory by then, MB | refusals, part of nginx |
|---|---|---|---|---|---|---|---|---|
{chr(10).join(rows)}
{left_out}
`--version` and `serve` are ratios to the first row in one run: the medians of {VERSIONS} and of {options.starts}
starts, the builds in turn, both stores up. `serve` of the first row took {part:.2f} of the
{report.LIMITS['milliseconds']} ms that it may take. Refusals are measured as in [BENCHMARKS.md](BENCHMARKS.md):
differences below a tenth say nothing.

## What was chosen, and why

- **The Swift runtime is inside** (`--static-swift-stdlib`). The package and the image run where no toolchain is, and
  load fewer libraries. `make build`, `make deb` and the Dockerfile all build so. In such a program SwiftNIO cannot take
  over the executor of Swift concurrency, and says nothing; flashctl does not ask it to.
- **Stripped when it is packed** (`strip --strip-all` in `make deb` and the Dockerfile), not by the linker:
  `.build/release` keeps the symbols that a profiler and a debugger want.
- **`-O`, not `-Osize`**, and no cross-module optimisation beyond what SwiftPM does by itself, unless the table shows
  that another build is better where it counts: in refusals.
- **The linker drops what nobody calls**: SwiftPM asks it to (`--gc-sections`), unless `--disable-dead-strip` is given.
- **`-enforce-exclusivity=unchecked`** is in `Package.swift` for all of them; `-Ounchecked` is never used.

## What it needs

The first row is linked with these libraries; they bring the rest of what is loaded. The package names theirs by
`dpkg-shlibdeps`; a test compares those of the image with `ldd`.

| library | Debian package |
|---|---|
{libraries_of_it}

{report.machine()}. Swift {report.number_in(report.version('swift', '--version'))}.

## Repeat it

    make bench-binary

builds each variant from nothing, which takes some minutes each. Programs that are there already are measured with
`make bench-binary ARGS='--built size=PATH …'`. Nothing else should run on the machine.
"""


def main():
    options = arguments()
    programs = dict(pair.split("=", 1) for pair in options.built)
    if set(programs) - set(VARIANTS):
        sys.exit(f"--built knows {', '.join(VARIANTS)}")
    programs.setdefault("chosen", os.path.join(ROOT, ".build", "release", "flashctl"))
    raise_file_limit()
    programs = {name: programs.get(name) or build(name, flags)
                for name, flags in VARIANTS.items()
                if name in options.variants or name == "chosen"}
    folder = tempfile.mkdtemp(prefix="flashctl-bench-", dir="/tmp")
    try:
        results = measure(programs, options, folder)
    except Failure as failure:
        sys.exit(f"The measurement failed: {failure}\nLogs and data: {folder}")
    shutil.rmtree(folder)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=2)
    with open(options.output, "w", encoding="utf-8") as file:
        file.write(document(results, programs["chosen"], options))
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
