"""Runs every preset of depth-sweep and writes what they show: README.md and the pictures beside it.

Run at the root of the project, after `cargo build --release`: python3 docs/sweeps/make.py
"""

import csv
import json
import pathlib
import resource
import shutil
import subprocess
import time

HERE = pathlib.Path(__file__).parent
PROGRAM = "target/release/depth-sweep"
OUT = pathlib.Path("target/sweeps")
PICTURES = {
    "gradients.svg": "Gradient norm against layer",
    "accuracy.svg": "Accuracy against depth",
    "learning-rates.svg": "Loss and accuracy against learning rate",
    "phases.svg": "The line between order and chaos",
    "trainable-depth.svg": "Trained accuracy over variance and depth",
    "over-fitting.svg": "Errors on training data and on held-out data",
}
# Two layers have no depth to see, and 92 curves are too many.
TELLING_NOTHING = {("overfitting", "gradients.svg"), ("mean-field", "gradients.svg"), ("mup", "gradients.svg")}


def presets():
    text = subprocess.run([PROGRAM, "--preset", "none-of-them"], capture_output=True, text=True).stderr
    return text.split("must be one of ")[1].strip().split(", ")


def run(name):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    start = time.monotonic()
    command = [PROGRAM, "--preset", name, "--out", str(folder)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    seconds = time.monotonic() - start
    # The table stands between the title and the line that names the report.
    lines = [line.rstrip() for line in printed.splitlines()]
    table = "\n".join(lines[1:-1])
    results = json.loads((folder / "results.json").read_text())
    return folder, results, table, seconds


def agreement(folder):
    """A row for each configuration of the preset: measured and predicted factor a layer, deviation and band, or why not."""
    names = ["activation", "norm", "norm_position", "residual", "dropout", "weight_variance", "bias_variance", "layer", "init",
             "width", "batch"]
    neutral = {"none", "off", "0", "0.0", "before", "dense"}
    rows = []
    for row in csv.DictReader((folder / "summary.csv").open()):
        shown = [row[names[0]]] + [f"{name.replace('_', ' ')} {row[name]}" for name in names[1:9] if row[name] not in neutral]
        shown.append(f"{row['width']} × {row['batch']}")
        what = ", ".join(shown)
        if row["no_theory"]:
            rows.append(f"| {what} | – | – | – | – | {row['no_theory']} |")
            continue
        measured, predicted = float(row["measured_factor"]), float(row["predicted_factor"])
        deviation, band = float(row["deviation"]), float(row["band"])
        inside = "yes" if row["within_band"] == "true" else "no"
        rows.append(f"| {what} | {measured:.4f} | {predicted:.4f} | {deviation:+.3f} | {band:.3f} | {inside} |")
    return rows


def main():
    for old in HERE.glob("*.svg"):
        old.unlink()
    text = ["# Sweeps", "",
            "What each preset of `depth-sweep` shows, from one run on two cores; `docs/sweeps/make.py` runs them all and writes this",
            "page. `cargo run --release -- --preset all` makes one report of them, with a page each and values under the pointer.", ""]
    for name in presets():
        folder, results, table, seconds = run(name)
        print(f"{name}: {seconds:.0f} s")
        text += [f"## `{name}`", "", f"{results['title']}. {results['description']}", "",
                 f"`cargo run --release -- --preset {name}`: {results['runs']} networks in {seconds:.0f} s.", ""]
        for picture, what in PICTURES.items():
            if (folder / picture).exists() and (name, picture) not in TELLING_NOTHING:
                shutil.copy(folder / picture, HERE / f"{name}-{picture}")
                text += [f"![{what}]({name}-{picture})", ""]
        if name == "mean-field":
            text += ["| network (width × batch) | measured | predicted | deviation | band | within |", "|---|---|---|---|---|---|"]
            text += agreement(folder)
        else:
            text += ["```text", table, "```"]
        text.append("")
    text[-1:] = []
    (HERE / "README.md").write_text("\n".join(text) + "\n")
    print(f"peak memory of a sweep: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss} KiB")


main()
