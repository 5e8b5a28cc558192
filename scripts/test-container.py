#!/usr/bin/env python3
"""Runs the last stage of the Dockerfile and compose.yaml without a Docker engine.

    scripts/test-container.py [BINARY]

The root of the image is made by debootstrap and the RUN commands of the stage, as they stand in the file; the binary
takes the place of the one that the first stage builds. Redis and Postgres of this machine play those of compose.yaml,
with its command line and its password, in a network without anything else. In the root, as the user of the image and
with the environment of compose.yaml: `migrate`, `serve`, the health check, SIGTERM. Needs root.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import yaml

HERE = pathlib.Path(__file__).resolve().parent.parent
FOLDER = HERE / ".build/container"
ROOT = FOLDER / "root"
INSIDE = "FLASHCTL_CONTAINER_INSIDE"
PASSWORD = "p&ss w:rd/$%"


def stage():
    """The instructions behind the last FROM, each in one line."""
    text = re.sub(r"^\s*#.*\n", "", (HERE / "Dockerfile").read_text(), flags=re.M).replace("\\\n", " ")
    lines = text[text.rindex("FROM "):].splitlines()[1:]
    return [line.split(None, 1) for line in lines if line.strip()]


def run(*command, **options):
    return subprocess.run(command, check=True, **options)


def make_root(binary):
    """The image as a folder. Its base, debian:bookworm-slim, is made by debootstrap."""
    run(str(HERE / "scripts/debian-base.sh"), str(ROOT), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.copy("/etc/resolv.conf", ROOT / "etc/resolv.conf")
    sources = {"/flashctl": binary}
    for instruction, text in stage():
        if instruction == "RUN":
            run("chroot", str(ROOT), "/bin/sh", "-ec", text)
        elif instruction == "COPY":
            words = [word for word in text.split() if not word.startswith("--")]
            target = ROOT / words[1].lstrip("/")
            shutil.copy(sources.get(words[0], HERE / words[0]), target)
            target.chmod(0o755)
    run("strip", "--strip-all", str(ROOT / "usr/bin/flashctl"))


def setting(name):
    return [text for instruction, text in stage() if instruction == name]


def image_environment():
    words = " ".join(setting("ENV")).split()
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **dict(word.split("=", 1) for word in words)}


def compose():
    """compose.yaml with its variables filled in."""
    environment = dict(os.environ, POSTGRES_PASSWORD=PASSWORD)
    text = run("docker-compose", "--file", str(HERE / "compose.yaml"), "config", env=environment,
               stdout=subprocess.PIPE, text=True).stdout
    # `$` is doubled in what it prints.
    return json.loads(json.dumps(yaml.safe_load(text)["services"]).replace("$$", "$"))


def in_image(service, command, **options):
    """Starts a command of the image."""
    environment = {**image_environment(), **{key: str(value) for key, value in service["environment"].items()}}
    user = setting("USER")[0]
    work = setting("WORKDIR")[0]
    line = ["chroot", f"--userspec={user}", str(ROOT), "/usr/bin/env", "-C", work, *command]
    return subprocess.Popen(line, env=environment, text=True, **options)


def ends_with(expected, process, what):
    output, _ = process.communicate(timeout=120)
    if process.returncode != expected:
        sys.exit(f"FAILED: {what} ended with {process.returncode}, not {expected}\n{output or ''}")
    print(f"ok: {what}" + (f": {output.strip()}" if output else ""), flush=True)


def start_stores(services, folder):
    redis = subprocess.Popen(services["redis"]["command"], cwd=folder, stdout=subprocess.DEVNULL)
    variables = services["postgres"]["environment"]
    binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    data = pathlib.Path(folder) / "postgres"
    password = pathlib.Path(folder) / "password"
    password.write_text(variables["POSTGRES_PASSWORD"])
    for path in (folder, password):
        shutil.chown(path, "postgres")
    as_postgres = ["runuser", "-u", "postgres", "--"]
    run(*as_postgres, str(binaries / "initdb"), "-D", str(data), "-U", variables["POSTGRES_USER"],
        "-A", "scram-sha-256", f"--pwfile={password}", stdout=subprocess.DEVNULL, cwd="/")
    postgres = subprocess.Popen([*as_postgres, str(binaries / "postgres"), "-D", str(data), "-k", str(folder)], cwd="/",
                                stderr=open(pathlib.Path(folder) / "postgres.log", "w"))
    environment = dict(os.environ, PGPASSWORD=variables["POSTGRES_PASSWORD"])
    for _ in range(300):
        if subprocess.run(["createdb", "-h", "127.0.0.1", "-U", variables["POSTGRES_USER"], variables["POSTGRES_DB"]],
                          env=environment, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            break
        time.sleep(0.1)
    return redis, postgres


def health(service):
    command = json.loads(setting("HEALTHCHECK")[0].split("CMD", 1)[1])
    return in_image(service, command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def check():
    """In a network and with processes of its own: what is left over ends with it."""
    run("ip", "link", "set", "lo", "up")
    run("mount", "-t", "proc", "proc", str(ROOT / "proc"))
    # The image is mounted as `read_only` and `tmpfs` say.
    run("mount", "--bind", "/dev", str(ROOT / "dev"))
    run("mount", "-t", "tmpfs", "tmpfs", str(ROOT / "tmp"))
    (ROOT / "etc/hosts").write_text("127.0.0.1 localhost redis postgres\n")
    run("mount", "--bind", str(ROOT / "etc"), str(ROOT / "etc"))
    services = compose()
    serve = services["serve"]
    for key in ("read_only", "cap_drop", "security_opt"):
        assert serve[key], key
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    ends_with(0, in_image(serve, ["/usr/bin/flashctl", "--version"], **pipes), "flashctl --version")
    ends_with(0, in_image(serve, ["/usr/bin/ldd", "/usr/bin/flashctl"], **pipes), "ldd")
    ends_with(1, health(serve), "health check without a server")
    with tempfile.TemporaryDirectory(prefix="flashctl-container-") as folder:
        os.chmod(folder, 0o755)
        stores = start_stores(services, folder)
        entry = json.loads(setting("ENTRYPOINT")[0])
        ends_with(0, in_image(services["migrate"], entry + services["migrate"]["command"], **pipes), "migrate")
        log = open(FOLDER / "serve.log", "w+", encoding="utf-8")
        server = in_image(serve, entry + serve["command"], stdout=log, stderr=log)
        for _ in range(600):
            if "listening on http" in (FOLDER / "serve.log").read_text():
                break
            time.sleep(0.1)
        ends_with(0, health(serve), "health check")
        status = ["/usr/bin/flashctl", "status"]
        ends_with(0, in_image(serve, status, **pipes), "flashctl status")
        user = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        assert re.search(r"^Uid:\s+10001\s+10001", user, re.M), "the server is another user"
        os.kill(server.pid, getattr(signal, setting("STOPSIGNAL")[0]))
        ends_with(0, server, "serve after " + setting("STOPSIGNAL")[0])
        for store in stores:
            store.terminate()
            store.wait()


def main():
    if os.geteuid() != 0:
        sys.exit("make container-test needs root: it makes the root of a container")
    if INSIDE in os.environ:
        return check()
    binary = sys.argv[1] if len(sys.argv) > 1 else str(HERE / ".build/release/flashctl")
    make_root(binary)
    environment = dict(os.environ, **{INSIDE: "1"})
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable,
               __file__, *sys.argv[1:]]
    code = subprocess.run(command, env=environment, check=False).returncode
    shutil.rmtree(ROOT)
    return code


if __name__ == "__main__":
    sys.exit(main())
