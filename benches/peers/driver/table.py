"""What was measured, as a file of comma-separated values and as tables."""

import csv

OURS, PLAIN = "ours", "plain"


def write_csv(rows, path):
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["workload", "contestant", "variant", "threads", "median_ms", "peak_mib", "baseline_mib",
                         "steps", "note"])
        for row in rows:
            measured = [number(row.median), number(row.peak, 1), number(row.baseline, 1), row.steps or ""]
            writer.writerow([row.workload.title, row.contestant.name, row.contestant.variant, row.threads, *measured,
                             row.note])


def number(value, digits=None):
    if value is None:
        return ""
    return f"{value:.{digits}f}" if digits is not None else f"{value:.4g}" if value < 1e4 else f"{value:.0f}"


def tables(rows, options):
    """The text between the markers of the README."""
    networks = [row for row in rows if not row.workload.name.startswith("XAD")]
    swaptions = [row for row in rows if row.workload.name.startswith("XAD")]
    parts = [f"{options.machine}; one run of {options.rounds} rounds, medians."]
    for threads in sorted(set(row.threads for row in networks), reverse=True):
        here = [row for row in networks if row.threads == threads]
        parts += [f"Time, {count(threads)} (ms a step unless said; the fastest bold, parentheses: see notes):", times(here)]
    for threads in sorted(set(row.threads for row in networks), reverse=True)[:1]:
        here = [row for row in networks if row.threads == threads]
        parts += [f"Peak memory, {count(threads)} (MiB, of the whole process; in the first row before it reads its data):",
                  memory(here)]
    if swaptions:
        parts += ["XAD's benchmark (µs a path; in parentheses, times the plain value):", ratios(swaptions)]
    notes = {}
    for row in rows:
        if row.note:
            notes.setdefault(f"{row.contestant.label}: {row.note}", {})[row.workload.name] = None
    parts += ["Notes:", "\n".join(f"- {', '.join(names)}, {note}." for note, names in notes.items())] if notes else []
    return "\n\n".join(parts)


def count(threads):
    return "one thread" if threads == 1 else f"{threads} threads"


def grid(header, lines):
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, ["---"] + ["---:"] * (len(header) - 1), *lines])


def by_place(rows):
    """Contestants, workloads, and rows by both."""
    contestants = list(dict.fromkeys(row.contestant for row in rows))
    workloads = list({row.workload.name: row.workload for row in rows}.values())
    return contestants, workloads, {(row.workload.name, row.contestant): row for row in rows}


def times(rows):
    contestants, workloads, places = by_place(rows)
    peaks = [row.workload.flops / row.median for row in rows if row.workload.name == "W8" and row.counts]
    lines = []
    for workload in workloads:
        here = [places[workload.name, contestant] for contestant in contestants]
        counting = [row for row in here if row.counts]
        best = min((row.median for row in counting), default=None)
        ours = min((row.median for row in counting if row.contestant.name == OURS), default=None)
        peer = min((row.median for row in counting if row.contestant.name != OURS), default=None)
        ratio = f"{peer / ours:.2f}" if ours and peer else "–"
        share = f"{workload.flops / max(peaks) / ours:.0%}" if peaks and workload.flops and ours else "–"
        lines.append([workload.title, *(cell(row, best) for row in here), ratio, share])
    return grid(["workload", *(contestant.label for contestant in contestants), "best peer ÷ ours",
                 "ours, of GEMM peak"], lines)


def cell(row, best):
    if row.median is None:
        return "n/a"
    text = f"{row.median:.3g}" if row.median < 100 else f"{row.median:.0f}"
    return f"({text})" if row.note else f"**{text}**" if row.median == best else text


def memory(rows):
    contestants, workloads, places = by_place(rows)
    baselines = [min((row.baseline for row in rows if row.contestant == contestant and row.baseline), default=None)
                 for contestant in contestants]
    lines = [["at the start", *(number(value, 0) for value in baselines)]]
    for workload in workloads:
        peaks = (places[workload.name, contestant].peak for contestant in contestants)
        lines.append([workload.name, *(number(peak, 0) or "n/a" for peak in peaks)])
    return grid(["", *(contestant.label for contestant in contestants)], lines)


def ratios(rows):
    lines = []
    for threads in sorted(set(row.threads for row in rows), reverse=True):
        contestants, workloads, places = by_place([row for row in rows if row.threads == threads])
        for workload in workloads:
            cells = [places[workload.name, contestant] for contestant in contestants]
            plain = next((row.median for row in cells if row.contestant.name == PLAIN and row.counts), None)
            text = [cell(row, None) + (f" ({row.median / plain:.1f})" if plain and row.counts else "")
                    for row in cells if row.median is not None]
            lines.append([f"{workload.name}: {workload.text}", str(threads), *text])
    names = [row.contestant for row in rows if row.median is not None]
    return grid(["form", "threads", *dict.fromkeys(contestant.label for contestant in names)], lines)


def replace(text, readme):
    """Puts the tables between the markers of the README."""
    before, _, rest = readme.read_text().partition("<!-- summary -->\n")
    _, _, after = rest.partition("<!-- end -->")
    readme.write_text(f"{before}<!-- summary -->\n{text}\n<!-- end -->{after}")
