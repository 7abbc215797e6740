import numpy as np

from mien.core.records import Face, FaceResult, Frame
from mien.report.video_story import FORGET_AFTER_S, MOST_TRACKS, SHOWN_TRACKS, VideoStory

IMAGE = np.zeros((40, 40, 3), np.uint8)
FACE = Face((5, 5, 20, 20), 0.9, np.zeros((5, 2), np.float32))


def write(story, time_s, face_ids):
    frame = Frame("clip.mp4", IMAGE, round(time_s * 25), time_s)
    results = [
        FaceResult(
            "clip.mp4", frame.index, time_s, "ok", "", i, FACE, ("a", "b"), np.array([0.75, 0.25], np.float32)
        )
        for i in face_ids
    ] or [FaceResult("clip.mp4", frame.index, time_s, "no_face")]
    story.write(results, frame)


def test_counts():
    story = VideoStory("clip.mp4", 2)
    write(story, 0.0, [0])
    write(story, 0.04, [])
    write(story, 0.08, [0, 1])

    assert (story.n_frames, story.n_no_face, story.n_faces, story.end_s) == (3, 1, 2, 0.08)
    assert story.tracks[0].n == 2
    np.testing.assert_allclose(story.tracks[0].sums, [1.5, 0.5])


def test_a_crowd_does_not_grow_without_bound():
    story = VideoStory("clip.mp4", 2)
    for i in range(200):  # new faces all the time, one that stays
        write(story, float(i), [0, *range(1 + 3 * i, 4 + 3 * i)])
    assert len(story.tracks) == MOST_TRACKS
    assert story.tracks[0].n == 200
    assert story.n_faces == 601

    story.finish()
    assert len(story.tracks) == SHOWN_TRACKS
    assert 0 in story.tracks
    assert list(story.tracks) == sorted(story.tracks)


def test_faces_in_view_are_never_forgotten():
    story = VideoStory("clip.mp4", 2)
    for i in range(10):
        write(story, i * FORGET_AFTER_S, range(MOST_TRACKS + 5))
    assert sorted(story.tracks) == list(range(MOST_TRACKS))
