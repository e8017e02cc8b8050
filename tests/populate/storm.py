"""A storm over workers: killed and stopped at random moments, replaced, until every key is made.

Run as ``python -m tests.populate.storm KILLS SEED`` with the variables that `tests.populate.pipeline` reads.
Workers are forked from this process, which opens no connection itself, so that a new one is there at once.
"""

from __future__ import annotations

import importlib
import os
import random
import signal
import sys
import time

import fascicle  # noqa: F401  (workers shall not have to import it again)

WORKERS = 4
LIMIT_S = 240


def worker(seed: int) -> None:
    random.seed(seed)
    pipeline = importlib.import_module("tests.populate.pipeline")
    jobs = pipeline.Made.jobs
    while True:
        pipeline.Made.populate(reserve_jobs=True, refresh=False, suppress_errors=True)
        if not len(jobs):
            return
        time.sleep(0.05)


def start(seed: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        worker(seed)
        status = 0
    except BaseException as error:  # noqa: BLE001  (the parent counts how workers end)
        print(f"{type(error).__name__}: {error}", flush=True)
    finally:
        os._exit(status)


class Storm:
    def __init__(self, kills: int, seed: int) -> None:
        self.kills = kills
        self.dice = random.Random(seed)
        self.alive: set[int] = set()
        self.stopped: list[tuple[float, int]] = []
        self.failed = 0
        self.killed = 0
        self.paused = 0

    def run(self) -> None:
        deadline = time.monotonic() + LIMIT_S
        finished = 0
        while finished < WORKERS and time.monotonic() < deadline:
            while len(self.alive) < WORKERS - finished:
                self.alive.add(start(self.dice.randrange(1 << 30)))
            time.sleep(self.dice.uniform(0.0, 0.12))
            self.strike()
            self.resume()
            finished += self.reap()
        for pid in self.alive:
            os.kill(pid, signal.SIGKILL)

    def strike(self) -> None:
        if self.killed >= self.kills or not self.alive:
            return
        victim = self.dice.choice(sorted(self.alive))
        if self.dice.random() < 0.15 and len(self.stopped) < 2:
            os.kill(victim, signal.SIGSTOP)
            lease = float(os.environ["FASCICLE_TEST_POPULATE_LEASE"])
            self.stopped.append((time.monotonic() + lease * self.dice.uniform(0.5, 2.0), victim))
            self.paused += 1
        else:
            os.kill(victim, signal.SIGKILL)
            self.killed += 1

    def resume(self) -> None:
        for entry in list(self.stopped):
            if entry[0] <= time.monotonic():
                self.stopped.remove(entry)
                if entry[1] in self.alive:
                    os.kill(entry[1], signal.SIGCONT)

    def reap(self) -> int:
        """Collect workers that ended; return how many found nothing left to do."""
        done = 0
        while self.alive:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            self.alive.discard(pid)
            if os.WIFEXITED(status):
                done += os.WEXITSTATUS(status) == 0
                self.failed += os.WEXITSTATUS(status) != 0
        return done


if __name__ == "__main__":
    storm = Storm(int(sys.argv[1]), int(sys.argv[2]))
    storm.run()
    print(f"killed={storm.killed} paused={storm.paused} failed={storm.failed}")
