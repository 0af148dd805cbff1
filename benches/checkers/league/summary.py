"""Joins the rows of both languages into results.csv, and writes the summary into README.md: `python -m league.summary A B`."""

import csv
import platform
import re
import statistics
import sys

CHECKERS = ["ours", "torch gradcheck", "torch gradgradcheck", "jax check_grads", "gradcheck 0.1"]


def count(rows, column, value="true"):
    return sum(row[column] == value for row in rows)


def line(name, rows, right):
    impossible = count(rows, "diagnosed", "n/a")
    seconds = [float(row["seconds"]) for row in rows + right if row["seconds"]]
    cells = [name, count(rows, "detected"), count(rows, "diagnosed"), count(rows, "detected", "false"), impossible,
             f"{count(right, 'accused')} of {len(right)}", f"{1000 * statistics.median(seconds):.2f} ms",
             f"{sum(seconds):.1f} s"]
    return "| " + " | ".join(map(str, cells)) + " |"


def either(first, second):
    """The rows of two checkers run one after the other."""
    for a, b in zip(first, second):
        both = dict(a)
        for column in ("detected", "diagnosed", "accused"):
            both[column] = "true" if "true" in (a[column], b[column]) else a[column]
        if a["seconds"]:
            both["seconds"] = float(a["seconds"]) + float(b["seconds"])
        yield both


def listed(title, rows):
    names = ", ".join(sorted(row["mistake"].removeprefix("right: ") for row in rows))
    return f"- {title} ({len(rows)}): {names or 'none'}."


def main():
    rows = [row for path in sys.argv[1:3] for row in csv.DictReader(open(path))]
    names = {checker: [row["mistake"] for row in rows if row["checker"] == checker] for checker in CHECKERS}
    order = {name: k for k, name in enumerate(names["ours"])}
    for checker in CHECKERS:
        if sorted(names[checker]) != sorted(order):
            sys.exit(f"rows of {checker} differ: {sorted(set(names[checker]) ^ set(order))}")
    if len(rows) != len(order) * len(CHECKERS) or len(order) != len(names["ours"]):
        sys.exit("a row is there twice, or a checker is unknown")
    rows.sort(key=lambda row: (order[row["mistake"]], CHECKERS.index(row["checker"])))
    with open("results.csv", "w", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)

    is_right = lambda row: row["mistake"].startswith("right: ")  # noqa: E731
    wrong = {c: [row for row in rows if row["checker"] == c and not is_right(row)] for c in CHECKERS}
    right = {c: [row for row in rows if row["checker"] == c and is_right(row)] for c in CHECKERS}
    torch = [list(either(table["torch gradcheck"], table["torch gradgradcheck"])) for table in (wrong, right)]
    lines = [f"{len(wrong['ours'])} mistakes, {len(right['ours'])} right operations; {platform.machine()}, one run.", "",
             "| checker | detected | diagnosed | missed | n/a | right, accused | median | all |",
             "|---|---:|---:|---:|---:|---:|---:|---:|"]
    lines += [line(checker, wrong[checker], right[checker]) for checker in CHECKERS[:3]]
    lines += [line("torch, both", *torch)]
    lines += [line(checker, wrong[checker], right[checker]) for checker in CHECKERS[3:]]
    ours = wrong["ours"]
    detected = [row for row in ours if row["detected"] == "true"]
    others = {name: any(row["detected"] == "true" for c in CHECKERS[1:] for row in wrong[c] if row["mistake"] == name)
              for name in order}
    lines += ["", listed("Missed by ours", [row for row in ours if row["detected"] == "false"]),
              listed("Accused by ours", [row for row in right["ours"] if row["accused"] == "true"]),
              listed("Detected by ours alone", [row for row in detected if not others[row["mistake"]]]),
              listed("Detected by another and not by ours",
                     [row for row in ours if row["detected"] == "false" and others[row["mistake"]]])]
    text = open("README.md").read()
    begin, end = "<!-- summary -->\n", "<!-- end -->"
    text = re.sub(f"{begin}.*{end}", lambda _: begin + "\n".join(lines) + "\n" + end, text, flags=re.DOTALL)
    open("README.md", "w").write(text)
    print("\n".join(lines))


main()
