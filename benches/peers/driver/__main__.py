"""The command line."""

import argparse
import os
import platform
import signal
import sys

from .contestants import CONTESTANTS, HERE, build
from .measure import measure
from .table import replace, tables, write_csv
from .workloads import WORKLOADS


def main():
    options = arguments()
    # Ends as an exception does, so that no stopped contestant is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    contestants = [c for c in CONTESTANTS if chosen(options.contestants, c.name, f"{c.name}-{c.variant}")]
    workloads = [w for w in WORKLOADS if chosen(options.only, w.name, w.name.split("-")[0])]
    if not contestants or not workloads:
        sys.exit("no contestant or no workload has such a name; --help lists them")
    failures = build(contestants)
    rows = []
    for workload in workloads:
        rows += measure(workload, contestants, options, failures)
        print(tables([row for row in rows if row.workload is workload], options), end="\n\n")
    print(tables(rows, options))
    if options.only or options.contestants:
        write_csv(rows, HERE / "target" / "peers" / "results.csv")
        print("not all contestants and workloads: written to target/peers/results.csv", file=sys.stderr)
    else:
        write_csv(rows, HERE / "results.csv")
        replace(tables(rows, options), HERE / "README.md")


def chosen(names, *candidates):
    return not names or any(candidate.lower() in names for candidate in candidates)


def arguments():
    contestants = ", ".join(f"{c.name}-{c.variant}" for c in CONTESTANTS)
    workloads = "\n".join(f"  {w.name:10}  {w.text}" for w in WORKLOADS)
    parser = argparse.ArgumentParser(
        prog="run", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Runs the same training steps in several frameworks, which take turns.",
        epilog=f"workloads:\n{workloads}\n\ncontestants: {contestants}\n\n"
               "A run of all workloads and contestants writes results.csv and README.md; any other, target/peers/results.csv.")
    parser.add_argument("--only", type=names, default=[], metavar="W2,XAD", help="these workloads")
    parser.add_argument("--contestants", type=names, default=[], metavar="ours,jax", help="these, all variants or one")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contestant (15)")
    parser.add_argument("--seconds", type=float, default=0.3, help="length of a turn (0.3)")
    parser.add_argument("--threads", type=numbers, default=[1, 2], metavar="1,2", help="numbers of threads (1,2)")
    parser.add_argument("--timeout", type=float, default=900, help="seconds that an answer may take (900)")
    options = parser.parse_args()
    options.machine = f"{platform.machine()}, {processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start"
    return options


def names(text):
    return [name.strip().lower() for name in text.split(",") if name.strip()]


def numbers(text):
    return [int(name) for name in names(text)]


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return "unknown processor"


if __name__ == "__main__":
    main()
