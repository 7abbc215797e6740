"""`POST /v1/explain`."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from mien.server.explain import overlay_png

from . import doubles


def decoded(answer: dict) -> np.ndarray:
    head, _, content = answer["map"].partition(",")
    assert head == "data:image/png;base64"
    return cv2.imdecode(np.frombuffer(base64.b64decode(content), np.uint8), cv2.IMREAD_UNCHANGED)


def test_a_map_lies_where_the_face_is(client, two_faces):
    answer = client.post("/v1/explain", files={"file": two_faces}, data={"face_id": "1"}).json()
    faces = client.post("/v1/analyze", files={"file": two_faces}).json()["results"][0]["faces"]
    assert answer["label"] == faces[1]["emotion"]
    assert (answer["face_id"], answer["method"], answer["box"]) == (1, "occlusion", faces[1]["box"])
    x, y, width, height = answer["box"]
    # the double's points are its crop's points in the box, so the crop lies around the box's middle
    quad = np.array(answer["quad"])
    assert np.allclose(quad.mean(axis=0), [x + width / 2, y + height / 2], atol=2.5)
    assert quad[0][0] < quad[1][0]
    assert quad[1][1] < quad[2][1]
    picture = decoded(answer)
    assert list(picture.shape) == [*answer["size"], 4]
    assert picture[:, :, 3].max() > 100


def test_another_label_has_another_map(client, face):
    maps = []
    for label in ("anger", "fear"):
        answer = client.post("/v1/explain", files={"file": face}, data={"label": label}).json()
        assert answer["label"] == label
        maps.append(decoded(answer))
    assert (maps[0] != maps[1]).any()


def test_gradcam_is_answered_by_what_there_is(client, face):
    answer = client.post("/v1/explain", files={"file": face}, data={"method": "gradcam"})
    assert answer.json()["method"] == "occlusion"


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"face_id": "5"}, 404), ({"face_id": "-1"}, 422), ({"face_id": "0.5"}, 422), ({"label": "joy"}, 422),
     ({"method": "lime"}, 422), ({"model": "x"}, 422)],
)  # fmt: skip
def test_what_cannot_be_explained(client, face, fields, status):
    answer = client.post("/v1/explain", files={"file": face}, data=fields)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_one_picture_at_a_time_and_one_with_a_face(client, face, no_face):
    assert client.post("/v1/explain", files=[("file", face)] * 2).status_code == 422
    assert client.post("/v1/explain", files={"file": no_face}).json()["error"]["code"] == "no_such_face"


def test_the_crops_corners_are_where_the_crop_was_cut_out():
    from mien.faces.align import align_face, crop_corners

    spec = doubles.Colours().spec.input
    image = np.zeros((100, 100, 3), np.uint8)
    points = np.array(doubles.runtime.ALIGN.points) * 16 + [30, 40]  # twice the crop's 8 px
    np.testing.assert_allclose(
        crop_corners(points, spec), [[30, 40], [46, 40], [46, 56], [30, 56]], atol=1e-5
    )
    image[40:48, 30:38] = 200
    crop = align_face(image, points, spec)
    assert crop[:4, :4].min() == 200
    assert crop[4:].max() == 0


def test_what_speaks_against_is_transparent():
    plane = np.array([[1.0, -1.0], [0.0, 0.5]], np.float32)
    picture = cv2.imdecode(np.frombuffer(overlay_png(plane, 64), np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (64, 64, 4)
    assert picture[0, 0, 3] == round(255 * 0.75)
    assert picture[0, -1, 3] == picture[-1, 0, 3] == 0
