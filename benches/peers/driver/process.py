"""One contestant at one workload: a process that is told what to do, a line at a time (`protocol/src/serve.rs`), and is
stopped between its turns, so that no thread of it that waits busily takes time from the others."""

import os
import select
import signal
import subprocess
import time

from .contestants import HERE


class Failure(Exception):
    """Why a contestant has no result."""


class Process:
    def __init__(self, contestant, workload, threads, data, log, timeout):
        self.contestant, self.workload, self.threads, self.timeout = contestant, workload, threads, timeout
        self.times, self.losses, self.peak, self.baseline = [], [], None, None
        self.log = log.open("w+")
        variant = "plain" if contestant.name == "plain" else contestant.variant
        self.process = subprocess.Popen(
            [*contestant.command(threads), variant, workload.name, str(data)],
            env=contestant.environment(threads), cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.log, bufsize=0)
        self.unread = b""

    def start(self):
        self.baseline = int(self.answer("baseline")[0]) / 1024
        self.answer("ready")
        self.process.send_signal(signal.SIGSTOP)

    def steps(self, count):
        self.losses = [float(loss) for loss in self.ask(f"steps {count}", "losses")]

    def run(self, seconds):
        self.times += [float(time) for time in self.ask(f"run {seconds}", "times")]

    def finish(self):
        self.peak = int(self.ask("memory", "memory")[0]) / 1024

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def ask(self, command, word):
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.write(f"{command}\n".encode())
        except BrokenPipeError:
            raise Failure(self.last_words()) from None
        values = self.answer(word)
        self.process.send_signal(signal.SIGSTOP)
        return values

    def answer(self, word):
        """The values of the next answer, which must begin with this word. Other lines on standard output are the library's."""
        while True:
            line = self.line()
            first, _, rest = line.strip().partition(" ")
            if first in ("unsupported", "failed"):
                raise Failure(rest if first == "unsupported" else f"failed: {rest}")
            if first == word:
                return rest.split()

    def line(self):
        """The next line of standard output."""
        out, end = self.process.stdout.fileno(), time.monotonic() + self.timeout
        while b"\n" not in self.unread:
            if not select.select([out], [], [], max(end - time.monotonic(), 0))[0]:
                raise Failure(f"no answer in {self.timeout} s")
            found = os.read(out, 1 << 16)
            if not found:
                raise Failure(self.last_words())
            self.unread += found
        line, _, self.unread = self.unread.partition(b"\n")
        return line.decode()

    def last_words(self):
        """The first line of a Rust panic's message, or the last line of standard error."""
        self.process.wait(timeout=10)
        self.log.seek(0)
        lines = [line.strip() for line in self.log if line.strip()]
        panics = [after for line, after in zip(lines, lines[1:]) if "panicked at" in line]
        return f"died: {(panics or lines[-1:] or ['without a word'])[0]}"
