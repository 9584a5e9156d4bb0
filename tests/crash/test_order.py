"""What a checkpoint counts on is on the disk before the checkpoint is: rows of the tables, segments, its own bytes.

    test_order.py PROGRAM WATCHED_CALLS
"""

import os
import subprocess
import sys
import tempfile


def main():
    program, watched = sys.argv[1:]
    checkpoints = segments = 0
    with tempfile.TemporaryDirectory(prefix="arq-test-") as base:
        report = os.path.join(base, "report")
        subprocess.run(
            [program, "train", "minatar/breakout", "--preset", "replay-fast", "--widths", "8", "--heads", "1",
             "--replay_capacity", "1000", "--learning_starts", "100", "--steps", "20000", "--checkpoint", "0.05",
             "--evaluation_episodes", "1", "--quiet", "--threads", "1", "--out", os.path.join(base, "run")],
            check=True, env={**os.environ, "LD_PRELOAD": watched, "ARQ_WATCHED": report})
        unflushed = set()  # files that were written to and not flushed since
        flushed = set()  # since the last checkpoint
        with open(report, encoding="utf-8") as lines:
            for line in lines:
                what, path = line.rstrip("\n").split(" ", 1)
                if what == "write":
                    unflushed.add(path)
                elif what == "fsync":
                    unflushed.discard(path)
                    flushed.add(os.path.basename(path))
                elif any(name.endswith(".tmp") for name in unflushed):
                    sys.exit(f"{path} was put in place before it was flushed")
                elif path.endswith("run.safetensors"):
                    checkpoints += 1
                    if not {"log.csv", "episodes.csv"} <= flushed:
                        sys.exit(f"checkpoint {checkpoints} was put in place before the rows that it counts on were flushed")
                    flushed.clear()
                else:
                    segments += os.path.basename(path).startswith("replay-")
    if checkpoints < 3 or segments < 10:
        sys.exit(f"only {checkpoints} checkpoints and {segments} segments were written")
    print(f"{checkpoints} checkpoints, {segments} segments")


main()
