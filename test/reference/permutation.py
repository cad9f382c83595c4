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


def mix(word):
    """The finalizer of MurmurHash3."""
    word &= MASK
    word = ((word ^ (word >> 16)) * 0x85EBCA6B) & MASK
    word = ((word ^ (word >> 13)) * 0xC2B2AE35) & MASK
    return word ^ (word >> 16)


def permutation(count, seed):
    """Fisher-Yates with four words mixed from the seed; draws in the last, incomplete multiple of the limit are drawn again."""
    low = mix(seed)
    high = mix((seed >> 32) ^ low)
    generator = xoshiro128starstar([mix(high + word) for word in (0x9E3779B9, 0x3C6EF372, 0xDAA66D2B)] + [mix(low ^ high) | 1])
    order = list(range(count))
    for i in range(count - 1, 0, -1):
        complete = 2**32 - 2**32 % (i + 1)
        draw = next(d for d in generator if d < complete)
        order[i], order[draw % (i + 1)] = order[draw % (i + 1)], order[i]
    return order


if __name__ == "__main__":
    state = [1, 2, 3, 4]
    generator = xoshiro128starstar(state)
    save("permutation", {"state": state, "outputs": [next(generator) for _ in range(20)]})
