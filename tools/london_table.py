"""Write the table that scores a model on the London Set by person, gender, age and ethnicity.

    python tools/london_table.py DIR_OF_LONDON_FACES OUT_DIR
    mien evaluate MODEL --data csv --data-root OUT_DIR --split train --report REPORT

Smiling counts as happiness, neutral as neutral. The pictures stay where they are.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

EMOTIONS = {"neutral": "neutral", "smiling": "happiness"}


def main() -> None:
    """Write OUT_DIR/labels.csv."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("london", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    with (given.london / "london_info.csv").open(encoding="utf-8-sig", newline="") as handle:
        people = {row["face_id"]: row for row in csv.DictReader(handle)}
    given.out.mkdir(parents=True, exist_ok=True)
    with (given.out / "labels.csv").open("w", encoding="utf-8", newline="") as handle:
        table = csv.writer(handle, lineterminator="\n")
        table.writerow(("image", "id", "label", "subject", "gender", "age", "ethnicity"))
        for folder, emotion in EMOTIONS.items():
            for path in sorted((given.london / folder).glob("*.jpg")):
                person = people[path.stem]
                facts = (person["face_gender"], person["face_age"], person["face_eth"])
                table.writerow((path.resolve(), f"{folder}/{path.name}", emotion, path.stem, *facts))


if __name__ == "__main__":
    main()
