"""MMI (Pantic et al., ICME 2005): posed expressions on video, from neutral to the peak and back.

The database is browsed on the web and downloaded as a folder of sessions, each with one recording::

    Sessions/1767/S031-003.avi              person S031
    Sessions/1767/S031-003.xml              <Metatag Name="Emotion" Value="4"/>, the emotion of the session
    Sessions/1767/S031-003-oao_aucs.xml     where coded: onset, apex and offset of each action unit
    Sessions/1767/session.xml               <subject .../> and <track view="0"/>

``root`` is the download, or a folder of several. This layout is not documented by its authors: it is what
public readers of it agree on, as are the integers 1 to 6 (anger, disgust, fear, happiness, sadness,
surprise) and the views (0 frontal, 1 profile, 2 both side by side). Sessions without an emotion or with
another one, in profile alone, or of stills are passed over.

A sample is a frame at the peak; each session has three: around the middle of the apex where it is coded
(from the last action unit's apex to the first one's offset), else of the video. Some of the older videos were
filmed with the camera on its side; they are taken as they are, so a face finder may miss them.

Published, by the papers that use it: 205 sequences with a frontal face, 615 frames. No split.

Handed out by Imperial College London on request, for research alone.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

from mien.core.errors import InputError, MienError
from mien.core.labels import BASIC6
from mien.core.records import Sample, VideoFrame
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import WHOLE, files_in, refuse, subfolder, subfolders
from mien.data.datasets._sequences import PEAK_FRAMES, middle_places
from mien.data.videos import VIDEO_ENDINGS, n_frames

NATIVE = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
SPLITS = {WHOLE: 205 * PEAK_FRAMES}
PROFILE = "1"
APEX, OFFSET = "2", "3"
"""Types of the markers of an action unit's phases."""


@dataclass
class Mismatches:
    """What stands otherwise than assumed, to be told at once.

    Attributes:
        unreadable: Metadata that is no XML.
        labels: Emotions that are no number.
        videos: Sessions with an emotion whose video is missing, broken or too short.
    """

    unreadable: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    videos: list[str] = field(default_factory=list)


def read(root: Path) -> Contents:
    """Read three frames of each session that shows one of six emotions.

    Raises:
        MienError: No sessions, or none with an emotion; wrong metadata and missing videos are named.
    """
    places = [root, *subfolders(root)] if root.is_dir() else []
    sessions = [
        session
        for place in places
        if (folder := subfolder(place, "Sessions"))
        for session in subfolders(folder)
    ]
    if not sessions:
        raise MienError(f"no MMI in {root}: expected the folder Sessions, with a folder per session")
    wrong = Mismatches()
    samples = [sample for session in sessions for sample in _read_session(session, wrong)]
    refuse(wrong.unreadable, f"{root}: metadata that cannot be read as XML")
    refuse(wrong.labels, f"{root}: sessions whose Emotion is no number")
    refuse(wrong.videos, f"{root}: sessions with an emotion but without a video of {PEAK_FRAMES} frames")
    if not samples:
        raise MienError(f"{root}: none of {len(sessions):,} sessions has an Emotion from 1 to {len(NATIVE)}")
    return Contents(samples, BASIC6, SPLITS)


def _read_session(session: Path, wrong: Mismatches) -> list[Sample]:
    files = {path.name.lower(): path for path in files_in(session, (".xml", *VIDEO_ENDINGS))}
    if len(files) == sum(name.endswith(".xml") for name in files) and files_in(session):
        return []  # stills
    trees = {}
    for name, path in files.items():
        if not name.endswith(".xml"):
            continue
        try:
            trees[name] = ElementTree.parse(path).getroot()
        except (ElementTree.ParseError, OSError, ValueError):
            wrong.unreadable.append(f"{session.name}/{path.name}")
    values = [
        tag.get("Value", "")
        for tree in trees.values()
        for tag in tree.iterfind(".//Metatag[@Name='Emotion']")
    ]
    facts = trees.get("session.xml")
    views = {track.get("view") for track in facts.iterfind(".//track")} if facts is not None else set()
    if not values or views == {PROFILE}:
        return []
    if not values[0].strip().isdecimal():
        wrong.labels.append(f"{session.name} {values[0]!r}")
        return []
    if not 1 <= int(values[0]) <= len(NATIVE):
        return []
    video = next((path for name, path in files.items() if not name.endswith(".xml")), None)
    coded = next((tree for name, tree in trees.items() if name.endswith("-oao_aucs.xml")), None)
    try:
        frames = _peak(n_frames(video), coded) if video else range(0)
    except InputError:
        frames = range(0)
    if video is None or len(frames) < PEAK_FRAMES:
        wrong.videos.append(session.name)
        return []
    person = re.match(r"S\d+", video.stem, re.IGNORECASE)
    return [
        Sample(
            id=f"{session.name}/{video.stem}/{frame}",
            image=VideoFrame(video, frame),
            label=BASIC6.index(NATIVE[int(values[0]) - 1]),
            split=WHOLE,
            subject=person[0].upper() if person else None,
            sequence=session.name,
            frame=frame,
            meta=_facts_of(facts),
        )
        for frame in frames
    ]


def _peak(n: int, coded: ElementTree.Element | None) -> range:
    """Three frames, from 0: in the middle of the coded apex where the video has one, else of the video."""
    starts, ends = [], []
    for unit in coded.iterfind(".//ActionUnit") if coded is not None else ():
        at = {m.get("Type", ""): m.get("Frame", "") for m in unit.iterfind(".//Marker")}
        if at.get(APEX, "").isdecimal() and at.get(OFFSET, "").isdecimal():
            starts.append(int(at[APEX]) - 1)  # markers count frames from 1
            ends.append(int(at[OFFSET]) - 1)
    if starts and 0 <= max(starts) <= min(ends) - PEAK_FRAMES and min(ends) <= n:
        return middle_places(min(ends) - max(starts), max(starts))
    return middle_places(n)


def _facts_of(facts: ElementTree.Element | None) -> dict[str, str]:
    """What a session's metadata says of the person."""
    person = facts.find(".//subject") if facts is not None else None
    found = {key: person.get(key, "") for key in ("gender", "ethnicity")} if person is not None else {}
    return {key: value.strip() for key, value in found.items() if value.strip()}


DATASETS.register("mmi")(
    DatasetInfo(
        name="mmi",
        title="MMI, three frames at the peak of each sequence",
        labels=BASIC6,
        native_labels=NATIVE,
        read=read,
        splits=SPLITS,
        licence="non-commercial research, on request; no redistribution",
        source="mmifacedb.eu",
        paper="Pantic et al., Web-based database for facial expression analysis, ICME 2005",
        survey=Survey(
            2005,
            "posed",
            "RGB, video",
            205,
            unit="sequences",
            ages="19-62",
            annotation="action units with their phases",
        ),
    )
)
