"""The contestants: how each is built, started, and told its number of threads."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Contestant:
    name: str
    variant: str
    # The crate, or for Python the module.
    program: str
    version: str
    python: bool = False

    @property
    def label(self):
        return f"{self.name} {self.variant}"

    def command(self, threads):
        if not self.python:
            return [str(HERE / "target" / "release" / self.program)]
        command = [str(HERE / ".venv" / "bin" / "python"), "-m", f"with_python.{self.program}"]
        # XLA has no documented setting for the number of its threads: it counts the cores that it may use.
        return ["taskset", "-c", f"0-{threads - 1}", *command] if self.program == "with_jax" else command

    def environment(self, threads):
        names = ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "PEER_THREADS"]
        return os.environ | dict.fromkeys(names, str(threads)) | {"JAX_PLATFORMS": "cpu"}


CONTESTANTS = [
    Contestant("plain", "Rust", "ours", ""),
    Contestant("ours", "eager", "ours", "this repository"),
    Contestant("ours", "program", "ours", "this repository"),
    Contestant("ours", "sharded", "ours", "this repository"),
    Contestant("candle", "cpu", "peer-candle", "0.11.1"),
    Contestant("burn", "flex", "peer-burn", "0.22.1"),
    Contestant("dfdx", "cpu", "peer-dfdx", "0.13.0"),
    Contestant("torch", "eager", "with_torch", "2.15.0", python=True),
    Contestant("torch", "compile", "with_torch", "2.15.0", python=True),
    Contestant("jax", "jit", "with_jax", "0.10.2", python=True),
]


def takes_part(contestant, workload):
    """The plain loop is what sensitivities are compared with; peers have no part in XAD's benchmark."""
    swaptions = workload.name.startswith("XAD")
    return swaptions if contestant.name == "plain" else not swaptions or contestant.name == "ours"


def build(contestants):
    """Builds what is needed; returns the reasons of those that could not be."""
    failures = {}
    for program in {contestant.program for contestant in contestants if not contestant.python}:
        print(f"building {program}", file=sys.stderr)
        command = ["cargo", "build", "--release", "--quiet", "--locked", "--package", program]
        if subprocess.run(command, cwd=HERE).returncode != 0:
            failures[program] = "does not build"
    if any(contestant.python for contestant in contestants):
        reason = environment()
        failures |= dict.fromkeys(["with_torch", "with_jax"], reason) if reason else {}
    return failures


def environment():
    """Makes the Python environment of the peers; returns why there is none."""
    folder, requirements = HERE / ".venv", HERE / "requirements.txt"
    done = folder / "requirements.txt"
    if done.exists() and done.read_text() == requirements.read_text():
        return None
    print("installing Python packages in .venv", file=sys.stderr)
    install = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]
    for command in ([sys.executable, "-m", "venv", folder], install):
        try:
            if subprocess.run(command, check=False).returncode != 0:
                return "no Python environment"
        except OSError:
            return "no Python environment"
    done.write_text(requirements.read_text())
    return None
