"""Hours of pools: `python -m tests.soak --minutes 60`.

Plays scenes in an order of chance, and reads after each round what the process uses. Ends with an error when a scene fails or hangs, or
when memory, threads, descriptors, shared memory or children have grown. The seed is printed: the same one plays the same scenes again.
"""

import argparse
import faulthandler
import logging
import random
import sys
import time

from tests.soak import gauge
from tests.soak.scenes import SCENES

#: Scenes of a round, and the most seconds of one scene.
ROUND, HANGS = 20, 300


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--scene", choices=[scene.__name__ for scene in SCENES], help="play this one alone")
    arguments = parser.parse_args()
    logging.getLogger("concurrent.futures").setLevel(100)  # callbacks raise thousands of times
    seed = random.randrange(1 << 30) if arguments.seed is None else arguments.seed
    chance = random.Random(seed)
    scenes = [scene for scene in SCENES if arguments.scene in (None, scene.__name__)]
    print(f"seed {seed}", flush=True)
    end = time.monotonic() + 60 * arguments.minutes
    readings: list[gauge.Reading] = []
    played = 0
    while time.monotonic() < end:
        for _ in range(ROUND):
            if time.monotonic() > end:
                break
            scene = chance.choice(scenes)
            # A scene that hangs ends the run, and says where each thread stands.
            faulthandler.dump_traceback_later(HANGS, exit=True)
            try:
                scene(chance)
            except BaseException:
                print(f"scene {scene.__name__}, the {played}th of seed {seed}", file=sys.stderr)
                raise
            finally:
                faulthandler.cancel_dump_traceback_later()
            played += 1
        readings.append(gauge.read())
        print(f"{played} scenes  {readings[-1]}", flush=True)
    grown = gauge.grown(readings)
    print(f"growth of the last third over the second: {gauge.growth(readings)}")
    if grown:
        print(f"grown: {grown}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
