"""A step of DP-SGD with Opacus, mode by mode, for comparison with `cargo bench -p ward-train --bench step`.

The model is J1's (20-64-32-2, ReLU), a batch has 32 rows, the clip norm is 1, the noise multiplier 1.
Needs torch and opacus (pip install opacus==1.6.0). Prints microseconds a step: the median of 7 runs of 300.
"""

import statistics
import sys
import time
import warnings

import torch
from opacus import PrivacyEngine
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
BATCH, STEPS, RUNS = 32, 300, 7


def made_private(mode):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    rows, labels = torch.randn(512, 20), torch.randint(0, 2, (512,))
    loader = DataLoader(TensorDataset(rows, labels), batch_size=BATCH)
    criterion = nn.CrossEntropyLoss()
    made = PrivacyEngine().make_private(
        module=model, optimizer=optimizer, data_loader=loader, noise_multiplier=1.0, max_grad_norm=1.0,
        poisson_sampling=False, grad_sample_mode=mode, criterion=criterion)
    model, optimizer = made[0], made[1]
    if mode == "ghost":
        criterion = made[2]
    return model, optimizer, criterion, rows[:BATCH], labels[:BATCH]


def microseconds(mode):
    model, optimizer, criterion, rows, labels = made_private(mode)

    def steps(count):
        for _ in range(count):
            optimizer.zero_grad()
            criterion(model(rows), labels).backward()
            optimizer.step()

    steps(50)
    runs = []
    for _ in range(RUNS):
        start = time.perf_counter()
        steps(STEPS)
        runs.append((time.perf_counter() - start) / STEPS * 1e6)
    return statistics.median(runs)


for mode in ["hooks", "functorch", "ew", "ghost"]:
    try:
        print(f"{mode:<10} {microseconds(mode):9.1f} us a step")
    except Exception as error:  # a mode that this version cannot do for this model is told, not hidden
        print(f"{mode:<10} failed: {error}", file=sys.stderr)
