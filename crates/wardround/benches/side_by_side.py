"""The jobs beside a hand-written NumPy twin and a plain PyTorch loop: all in one run, in turn.

    python3 side_by_side.py PEERS [REPEATS] [JOB ...]

PEERS is the folder that holds the peers' `jobs.py` (rows, first weights, cohorts), `work.py`
(PyTorch) and `work_np.py` (NumPy); the Python that runs this needs numpy and torch. Everybody works
on one thread and trains the same rows from the same weights; what is counted is processor time a
round, the evaluation included, the first round left out. Prints medians and ratios.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ONE_THREAD = {name + "_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "RAYON")}


def play(peers, module, job):
    """One peer's job in this process; prints what a round cost."""
    sys.path.insert(0, peers)
    import importlib

    import numpy as np
    jobs, work = importlib.import_module("jobs"), importlib.import_module(module)
    spec = jobs.JOBS[job]
    rows, labels, eval_rows, eval_labels = jobs.data(job)
    model, params, cohorts = work.model(spec["kind"]), jobs.init(spec["kind"]), jobs.cohorts(job)
    spent, accuracy = [], 0.0
    for cohort in cohorts[: spec["rounds"]]:
        start = time.process_time()
        total, sums = 0, [np.zeros_like(w) for w in params]
        for hospital in cohort:
            work.set_np(model, params)
            count = work.train(model, rows[hospital], labels[hospital], spec)
            total += count
            for s, w in zip(sums, work.get_np(model)):
                s += w * np.float32(count)
        params = [s / np.float32(total) for s in sums]
        work.set_np(model, params)
        accuracy = work.accuracy(model, eval_rows, eval_labels)
        spent.append(time.process_time() - start)
    print(json.dumps({"round_cpu_s": statistics.mean(spent[1:]), "acc": float(accuracy)}))


def output(command):
    env = dict(os.environ, **ONE_THREAD)
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    peers, repeats = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    names = sys.argv[3:] or ["J1", "J2", "J3", "J4"]
    workspace = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
    with tempfile.TemporaryDirectory() as folder:
        for job in names:
            rows = os.path.join(folder, job)
            subprocess.run([sys.executable, os.path.join(peers, "jobs.py"), "export", job, rows],
                           check=True)
            ours = ["cargo", "bench", "-q", "--manifest-path", os.path.join(workspace, "Cargo.toml"),
                    "-p", "wardround", "--bench", "jobs", "--", job, rows]
            peer = [sys.executable, os.path.abspath(__file__), "--play", peers]
            all_of = {"wardround": ours, "torch": [*peer, "work", job]}
            if job != "J2":  # the twin knows no convolutions
                all_of["numpy"] = [*peer, "work_np", job]
            told = {name: [] for name in all_of}
            for _ in range(repeats):
                for name, command in all_of.items():
                    told[name].append(output(command))
            cost = {name: statistics.median(t["round_cpu_s"] for t in runs)
                    for name, runs in told.items()}
            for name, runs in told.items():
                costs = [t["round_cpu_s"] for t in runs]
                print(f"{job} {name:10} {cost[name]:8.5f} s a round [{min(costs):.5f} - "
                      f"{max(costs):.5f}]  {cost[name] / cost['wardround']:5.1f} x wardround  "
                      f"accuracy {runs[-1]['acc']:.4f}", flush=True)
            for part in ("train_cpu_s", "eval_cpu_s", "other_cpu_s"):
                share = statistics.median(t[part] / t["round_cpu_s"] for t in told["wardround"])
                print(f"{job}   {part:12} {share:6.1%} of wardround's round")


if __name__ == "__main__":
    play(*sys.argv[2:]) if sys.argv[1] == "--play" else main()
