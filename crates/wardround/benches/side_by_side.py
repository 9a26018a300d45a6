"""The jobs beside other frameworks and hand-written loops: all in one run, in turn.

    python3 side_by_side.py PEERS [REPEATS] [JOB ...]

PEERS is the folder that holds the peers' `jobs.py` (rows, first weights, cohorts), `work.py`
(PyTorch), `work_np.py` (NumPy) and the scripts of the aggregation jobs; the Python that runs this
needs numpy and torch.

J1 to J4: everybody works on one thread and trains the same rows from the same weights; what is
counted is processor time a round, the evaluation included, the first round left out.

J5a and J5b: everybody aggregates the same numbers, and the checks (the sum of the result's first
thousand) must agree where the definitions do. What is counted starts at floats in memory, or at
Flower's messages, and ends at the result's floats; wall and processor seconds. Wardround uses all
cores, the peers one, as they are. A peer whose environment is not there is left out
(PEERS_HOME, where the peers' `setup.sh` puts them). As root, `nice` keeps other work away (real-time
priority would not do: of that the kernel takes a twentieth back from whoever keeps a core busy).
Prints medians and ratios.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ONE_THREAD = {name + "_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "RAYON")}
# NumPy and PyTorch ask the kernel for large pages; so may every allocator here. It asks for them only where
# it takes memory in large pieces: top_pad makes it do so on every thread, and trim_threshold keeps what it has.
LARGE_PAGES = {"GLIBC_TUNABLES": ":".join("glibc.malloc." + tunable for tunable in (
    "hugetlb=1", "top_pad=67108864", "trim_threshold=134217728"))}
WORKSPACE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BENCH = ["cargo", "bench", "-q", "--manifest-path", os.path.join(WORKSPACE, "Cargo.toml"),
         "-p", "wardround", "--bench", "jobs"]
OURS = [*BENCH, "--"]
PEERS_HOME = os.environ.get("PEERS_HOME", os.path.expanduser("~/.cache/fl-peers"))
AGGREGATORS = {"J5a": ["numpy", "torch", "blazefl", "flwr"], "J5b": ["numpy", "torch", "byz", "flwr"]}


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


def output(command, variables):
    first = ["nice", "-n", "-20"] if os.geteuid() == 0 and shutil.which("nice") else []
    done = subprocess.run([*first, *command], env=dict(os.environ, **variables), check=True,
                          capture_output=True, text=True, timeout=600)
    return json.loads(done.stdout.strip().splitlines()[-1])


def in_turn(all_of, repeats, variables):
    told = {name: [] for name in all_of}
    for _ in range(repeats):
        for name, command in all_of.items():
            told[name].append(output(command, variables))
    return told


def rounds(peers, repeats, job, folder):
    subprocess.run([sys.executable, os.path.join(peers, "jobs.py"), "export", job, folder],
                   check=True)
    peer = [sys.executable, os.path.abspath(__file__), "--play", peers]
    all_of = {"wardround": [*OURS, job, folder], "torch": [*peer, "work", job]}
    if job != "J2":  # the twin knows no convolutions
        all_of["numpy"] = [*peer, "work_np", job]
    told = in_turn(all_of, repeats, ONE_THREAD)
    cost = {name: statistics.median(t["round_cpu_s"] for t in runs) for name, runs in told.items()}
    for name, runs in told.items():
        costs = [t["round_cpu_s"] for t in runs]
        print(f"{job} {name:10} {cost[name]:8.5f} s a round [{min(costs):.5f} - "
              f"{max(costs):.5f}]  {cost[name] / cost['wardround']:5.1f} x wardround  "
              f"accuracy {runs[-1]['acc']:.4f}", flush=True)
    for part in ("train_cpu_s", "eval_cpu_s", "other_cpu_s"):
        share = statistics.median(t[part] / t["round_cpu_s"] for t in told["wardround"])
        print(f"{job}   {part:12} {share:6.1%} of wardround's round")


def numbers(job, folder):
    """The numbers of the peers' `w_agg.py`, written down for us."""
    import numpy as np
    if job == "J5a":
        base = np.random.default_rng(5).standard_normal(10_000_000, dtype=np.float32)
        return np.save(os.path.join(folder, "base.npy"), base)
    np.random.default_rng(5).standard_normal(1_000_000, dtype=np.float32)
    draw = np.random.default_rng(6)
    for i in range(100):
        update = draw.standard_normal(1_000_000, dtype=np.float32)
        np.save(os.path.join(folder, f"update_{i}.npy"), update)


def aggregation(peers, repeats, job, folder):
    os.makedirs(folder)
    numbers(job, folder)
    home = {"numpy": "v-torch", "torch": "v-torch", "blazefl": "forky/bl"}
    there = [peer for peer in AGGREGATORS[job]
             if os.path.exists(os.path.join(PEERS_HOME, home.get(peer, "v-" + peer)))]
    script = lambda peer: os.path.join(peers, f"{peer}_{job.lower()}.py")
    all_of = {"wardround": [*OURS, job, folder],
              **{peer: [sys.executable, script(peer)] for peer in there}}
    told = in_turn(all_of, repeats, LARGE_PAGES)
    median = lambda name, key, rule: statistics.median(t[key][rule] for t in told[name])
    for rule in told["wardround"][0]["seconds"]:
        wall = {name: median(name, "seconds", rule) for name in told
                if rule in told[name][0]["seconds"]}
        for name in wall:
            of = [t["seconds"][rule] for t in told[name]]
            cpu = median(name, "cpu", rule)
            print(f"{job} {rule:16} {name:10} {wall[name]:7.3f} s [{min(of):.3f} - {max(of):.3f}]  "
                  f"{cpu:7.3f} CPU s  {wall[name] / wall['wardround']:6.1f} x wardround  "
                  f"check {told[name][0]['check'][rule]}", flush=True)
    for name, runs in told.items():
        memory = statistics.median(t["self_peak_rss_mb"] for t in runs)
        print(f"{job} {name:10} {memory:6.0f} MB at the most", flush=True)
    for rule in told["wardround"][0]["extra_mb"]:
        beside = max(t["extra_mb"][rule] for t in told["wardround"])
        print(f"{job} wardround {rule}: {beside:.0f} MB beyond what was there before, at the most")


def main():
    peers, repeats = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    subprocess.run([*BENCH, "--no-run"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        for job in sys.argv[3:] or ["J1", "J2", "J3", "J4", "J5a", "J5b"]:
            run = aggregation if job in AGGREGATORS else rounds
            run(peers, repeats, job, os.path.join(folder, job))


if __name__ == "__main__":
    play(*sys.argv[2:]) if sys.argv[1] == "--play" else main()
