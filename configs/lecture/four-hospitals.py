"""Makes four-hospitals.csv: four hospitals that see very different shares of the sick.

A stand-in for the four real hospitals of ../heart.toml, which are not in this repository: three times the rows
and the same shares of the sick, but made by a formula. A patient of hospital h is sick with the
chance SICK[h]; eight findings are normal with deviation 1, and their means lie .2 above zero in the
sick and .2 below in the well. So findings say the same everywhere, and only the intercept differs.

Run: python3 configs/lecture/four-hospitals.py > configs/lecture/four-hospitals.csv
"""

import random

ROWS = {"cleveland-like": 909, "hungary-like": 783, "switzerland-like": 138, "va-like": 390}
SICK = {"cleveland-like": 0.46, "hungary-like": 0.37, "switzerland-like": 0.93, "va-like": 0.75}
FINDINGS = 8
SHIFT = 0.2

draw = random.Random(20)
print("hospital," + ",".join(f"finding_{i + 1}" for i in range(FINDINGS)) + ",sick")
for hospital, rows in ROWS.items():
    for _ in range(rows):
        sick = int(draw.random() < SICK[hospital])
        mean = SHIFT if sick else -SHIFT
        findings = [f"{draw.gauss(mean, 1):.3f}" for _ in range(FINDINGS)]
        print(f"{hospital}," + ",".join(findings) + f",{sick}")
