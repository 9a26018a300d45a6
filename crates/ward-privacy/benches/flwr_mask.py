"""Times Flower's SecAgg+ mask expansion beside `cargo bench -p ward-privacy --bench secagg`.

    pip install flwr==1.42.0 && python3 flwr_mask.py

Prints processor milliseconds of Flower's `pseudo_rand_gen` for one mask of 32-bit words (the key folded
to 32 bits, NumPy's Mersenne twister), and of adding it as Flower does; medians of five.
"""

import os
import statistics
import time

import numpy as np
from flwr.common.secure_aggregation.ndarrays_arithmetic import parameters_addition
from flwr.common.secure_aggregation.secaggplus_utils import pseudo_rand_gen

for length in (3_000, 100_000, 10_000_000):
    total = [np.zeros(length, dtype=np.int64)]
    made, added = [], []
    for _ in range(5):
        began = time.process_time()
        mask = pseudo_rand_gen(os.urandom(32), 1 << 32, [(length,)])
        between = time.process_time()
        total = parameters_addition(total, mask)
        made.append(1_000 * (between - began))
        added.append(1_000 * (time.process_time() - between))
    print(f"{length:10} words: made {statistics.median(made):8.2f} ms, added {statistics.median(added):8.2f} ms")
