import numpy as np

from mien.runtime.track import FaceTracker, number_left_to_right


def test_a_pictures_faces_are_numbered_left_to_right():
    assert number_left_to_right([(50, 0, 9, 9), (3, 9, 9, 9), (90, 1, 9, 9)]) == [1, 0, 2]
    assert number_left_to_right([]) == []


def test_numbers_count_by_first_appearance_and_left_to_right():
    tracker = FaceTracker(25)
    assert tracker.update([(200, 10, 40, 50), (20, 10, 40, 50)]) == [1, 0]
    assert tracker.update([(21, 10, 40, 50), (400, 10, 40, 50), (201, 10, 40, 50)]) == [0, 2, 1]


def test_two_trackers_do_not_know_each_other():
    assert FaceTracker(25).update([(1, 1, 30, 30)]) == [0]
    assert FaceTracker(25).update([(1, 1, 30, 30)]) == [0]


def test_a_face_keeps_its_number_over_missed_detections_and_motion():
    tracker = FaceTracker(25)
    for i in range(60):
        box = (10 + 4 * i, 50 + 10 * np.sin(i / 5), 60, 70)
        if i in (10, 11, 12, 30, 44, 45):
            assert tracker.update([]) == []
        else:
            assert tracker.update([box]) == [0]


def test_a_face_may_move_by_more_than_its_width_between_analysed_frames():
    tracker = FaceTracker(2.5)
    for i in range(8):
        assert tracker.update([(10 + 70 * i, 50, 60, 70)]) == [0]


def test_two_faces_that_pass_each_other_keep_their_numbers():
    tracker = FaceTracker(25)
    for i in range(60):
        left, right = (100 + 5 * i, 50, 60, 70), (400 - 5 * i, 130, 60, 70)
        assert tracker.update([right, left] if i % 2 else [left, right]) == ([1, 0] if i % 2 else [0, 1])


def test_a_face_that_comes_back_much_later_is_a_new_one():
    tracker = FaceTracker(10)
    for _ in range(30):
        tracker.update([(10, 10, 50, 50)])
    for _ in range(25):
        tracker.update([])
    assert tracker.update([(10, 10, 50, 50)]) == [1]


def test_many_faces_in_one_place_get_different_numbers():
    assert sorted(FaceTracker(25).update([(10, 10, 50, 50)] * 4)) == [0, 1, 2, 3]


def test_a_video_of_unknown_rate_is_tracked_too():
    tracker = FaceTracker(None)
    assert tracker.update([(10, 10, 50, 50)]) == tracker.update([(11, 10, 50, 50)]) == [0]
