"""Fit what `belonging.py` weighs, on the seen half: pairs against the pairs next to them.

    python -m benchmarks.evaluation.calibrate

Prints weights, and at which likelihoods true pairs and others lie.
"""

import math
from collections.abc import Sequence
from random import Random

from benchmarks.evaluation.__main__ import choose_neighbours
from benchmarks.evaluation.corpora import load_pairs
from yibao.translations import belonging
from yibao.translations.belonging import Signs, Weights

_ROUNDS, _RATE, _RIDGE = 400, 0.5, 1e-4
_AT = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.5)


def fit_weights(rows: Sequence[Signs], truths: Sequence[bool]) -> Weights:
    """Fit a logistic regression by gradient descent, on signs brought to one scale."""
    columns = list(zip(*rows, strict=True))
    means = [sum(one) / len(one) for one in columns]
    spreads = [
        math.sqrt(sum((v - m) ** 2 for v in one) / len(one)) or 1.0 for one, m in zip(columns, means, strict=True)
    ]
    scaled = [[(v - m) / s for v, m, s in zip(row, means, spreads, strict=True)] for row in rows]
    weights, bias = [0.0] * len(columns), 0.0
    for _ in range(_ROUNDS):
        gradient, slope = [_RIDGE * one for one in weights], 0.0
        for row, truth in zip(scaled, truths, strict=True):
            total = bias + sum(a * b for a, b in zip(row, weights, strict=True))
            error = 1 / (1 + math.exp(-max(-30, min(30, total)))) - truth
            slope += error / len(rows)
            gradient = [one + error * value / len(rows) for one, value in zip(gradient, row, strict=True)]
        bias -= _RATE * 4 * slope
        weights = [one - _RATE * 4 * g for one, g in zip(weights, gradient, strict=True)]
    own = [one / s for one, s in zip(weights, spreads, strict=True)]
    return Weights(bias - sum(a * m for a, m in zip(own, means, strict=True)), *own)


def main() -> None:
    pairs = [one for one in load_pairs() if one.is_seen]
    neighbours = choose_neighbours(pairs)
    chosen = Random(17).sample(pairs, 2400)
    for name in ("abstract", "title"):
        rows, truths = [], []
        for pair in chosen:
            for other in (pair, neighbours[pair]):
                if name == "abstract":
                    rows.append(belonging.find_abstract_signs(pair.title_en, pair.abstract_en, other.abstract_zh))
                else:
                    rows.append(
                        belonging.find_title_signs(pair.title_en, pair.abstract_en, other.title_zh, pair.abstract_zh)
                    )
                truths.append(other is pair)
        half = len(rows) // 2
        weights = fit_weights(rows[:half], truths[:half])
        print(name, Weights(*(round(one, 2) for one in weights)))
        values = [belonging.weigh_signs(row, weights) for row in rows[half:]]
        true = sorted(v for v, truth in zip(values, truths[half:], strict=True) if truth)
        false = sorted((v for v, truth in zip(values, truths[half:], strict=True) if not truth), reverse=True)
        print("  lowest of true:   ", [f"{share:.1%}: {true[int(len(true) * share)]:.2g}" for share in _AT])
        print("  highest of others:", [f"{share:.1%}: {false[int(len(false) * share)]:.2g}" for share in _AT])
        for limit in (0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01):
            share = sum(value < limit for value in false) / len(false)
            print(f"  below {limit}: true {sum(value < limit for value in true)} of {len(true)}, others {share:.1%}")


if __name__ == "__main__":
    main()
