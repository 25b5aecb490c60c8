"""The graphs that are measured: names of steps and of the steps that each takes from."""

import random
from dataclasses import dataclass

LAYERS, WIDTH, SEED = 25, 20, 7


@dataclass(frozen=True)
class Step:
    """A step; its value is one more than the sum of its parents'."""

    name: str
    parents: tuple[str, ...] = ()


def chain(length: int) -> list[Step]:
    """Each step after the one before."""
    return [Step(f"s{n:03}", (f"s{n - 1:03}",) if n else ()) for n in range(length)]


def fan(width: int) -> list[Step]:
    """One, then many beside each other, then one that takes from all."""
    middle = [Step(f"s{n + 1:03}", ("s000",)) for n in range(width)]
    return [Step("s000"), *middle, Step(f"s{width + 1:03}", tuple(s.name for s in middle))]


def layered(layers: int = LAYERS, width: int = WIDTH) -> list[Step]:
    """Layers in which each step takes from one to three of the layer before."""
    chance = random.Random(SEED)
    steps: list[Step] = []
    before: list[str] = []
    for layer in range(layers):
        row = [f"s{layer * width + place:03}" for place in range(width)]
        for name in row:
            count = chance.randint(1, 3) if before else 0
            steps.append(Step(name, tuple(sorted(chance.sample(before, count)))))
        before = row
    return steps


WORKLOADS = {"one": chain(1), "chain": chain(10), "fan": fan(50), "layered": layered()}


def values(steps: list[Step]) -> dict[str, int]:
    """What each step must come to."""
    found: dict[str, int] = {}
    for step in steps:
        found[step.name] = 1 + sum(found[parent] for parent in step.parents)
    return found
