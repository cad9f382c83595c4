"""xoshiro128** and Fisher-Yates in another language -> recorded/permutation.json.

Written from the authors' description (https://prng.di.unimi.it/xoshiro128starstar.c) with Python's unbounded integers. Its
outputs for the state [1, 2, 3, 4] are also those that the Rust crate rand_xoshiro prints in its tests: 11520, 0, 5927040, ...

  state, outputs          the first outputs of the generator from that state

How to run: see recording.py.
"""

from recording import save

MASK = 0xFFFFFFFF


def rotate(x, k):
    return ((x << k) | (x >> (32 - k))) & MASK


def xoshiro128starstar(state):
    s = list(state)
    while True:
        yield (rotate((s[1] * 5) & MASK, 7) * 9) & MASK
        t = (s[1] << 9) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 11)


state = [1, 2, 3, 4]
generator = xoshiro128starstar(state)
save("permutation", {"state": state, "outputs": [next(generator) for _ in range(20)]})
