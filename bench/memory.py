"""The episodic memory in one run: cutting, growing, recalling, each beside its baseline."""

from __future__ import annotations

import memory_cuts
import memory_growth
import memory_recall


def main() -> None:
    """Print three tables; takes a few minutes."""
    for part in (memory_cuts, memory_growth, memory_recall):
        print(f"\n{(part.__doc__ or '').splitlines()[0]}\n")
        part.main()


if __name__ == "__main__":
    main()
