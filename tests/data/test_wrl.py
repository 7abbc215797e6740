import numpy as np
import pytest

from mien.core.errors import InputError
from mien.data.wrl import read_shapes

V2 = """#VRML V2.0 utf8
# a comment with { braces [ and "quotes
WorldInfo { title "a # that is no comment" info [ "one" "two" ] }
NavigationInfo { type ["EXAMINE", "ANY"] headlight TRUE }
Transform {
  translation 10 0 0  rotation 0 0 1 1.5707963267948966  scale 2 2 2
  children [
    DEF Face Shape {
      appearance Appearance {
        material Material { diffuseColor 1 1 1 }
        texture ImageTexture { url [ "face.png" ] repeatS FALSE }
      }
      geometry IndexedFaceSet {
        solid FALSE
        coord DEF C Coordinate { point [ 0 0 0, 1 0 0, 1 1 0, 0 1 0, .5 1.5 -2e-1 ] }  # house
        coordIndex [ 0 1 2 3 -1  3,2,4 ]
        texCoord TextureCoordinate { point [ 0 0, 1 0, 1 1, 0 1 ] }
        texCoordIndex [ 0, 1, 2, 3, -1, 3, 2, 0, -1 ]
      }
    }
  ]
}
Viewpoint { position 0 0 5 }
ROUTE A.x TO B.y
"""

V1 = """#VRML V1.0 ascii
Separator {
  ShapeHints { vertexOrdering COUNTERCLOCKWISE faceType (CONVEX | CONVEX) }
  Separator { Translation { translation 100 0 0 } }
  Texture2 { filename "scan.bmp" }
  Coordinate3 { point [ 0 0 0, 1 0 0, 0 1 0 ] }
  TextureCoordinate2 { point [ 0 0, 1 0, 0 1 ] }
  Scale { scaleFactor 10 10 10 }
  IndexedFaceSet { coordIndex [ 0, 1, 2, -1 ] textureCoordIndex [ 2, 0, 1, -1 ] }
}
"""


def test_vrml_2_with_transform_polygons_and_texture():
    (shape,) = read_shapes(V2, "face.wrl")
    # twice as large, turned a quarter counter-clockwise, then moved
    expected = [[10, 0, 0], [10, 2, 0], [8, 2, 0], [8, 0, 0], [7, 1, -0.4]]
    np.testing.assert_allclose(shape.vertices, expected, atol=1e-12)
    assert sorted(map(tuple, shape.faces.tolist())) == [(0, 1, 2), (0, 2, 3), (3, 2, 4)]
    assert shape.uv is not None
    at = shape.faces.tolist().index([3, 2, 4])
    assert shape.uv[at].tolist() == [[0, 1], [1, 1], [0, 0]]
    at = shape.faces.tolist().index([0, 2, 3])
    assert shape.uv[at].tolist() == [[0, 0], [1, 1], [0, 1]]
    assert shape.texture == "face.png"


def test_vrml_1_keeps_its_state():
    (shape,) = read_shapes(V1, "scan.wrl")
    np.testing.assert_allclose(shape.vertices, [[0, 0, 0], [10, 0, 0], [0, 10, 0]])
    assert shape.uv is not None
    assert shape.uv[0].tolist() == [[0, 1], [0, 0], [1, 0]]
    assert shape.texture == "scan.bmp"


def test_a_shape_used_again_is_there_twice():
    shapes = read_shapes(V2 + "Transform { translation 0 0 7 children USE Face }", "x")
    assert len(shapes) == 2
    np.testing.assert_allclose(shapes[1].vertices[1], [1, 0, 7])


def test_a_matrix_and_the_finest_level():
    text = """#VRML V1.0 ascii
    Separator {
      MatrixTransform { matrix 1 0 0 0  0 1 0 0  0 0 1 0  5 6 7 1 }
      Coordinate3 { point [ 0 0 0, 1 0 0, 0 1 0, 0 0 1 ] }
      LOD { IndexedFaceSet { coordIndex [ 0, 1, 2 ] } IndexedFaceSet { coordIndex [ 0, 1, 3 ] } }
      Switch { whichChoice 1 IndexedFaceSet { coordIndex [0,1,2] } IndexedFaceSet { coordIndex [1,2,3] } }
      Switch { IndexedFaceSet { coordIndex [0,1,2] } }
    }"""
    shapes = read_shapes(text, "x")
    assert [s.faces.tolist() for s in shapes] == [[[0, 1, 2]], [[1, 2, 3]]]
    np.testing.assert_allclose(shapes[0].vertices[1], [6, 6, 7])


@pytest.mark.parametrize("text", [V1, V2])
def test_a_file_cut_anywhere_is_whole_or_one_line(text):
    whole = read_shapes(text, "cut.wrl")
    end = text.rindex("IndexedFaceSet")
    said = []
    for n in range(len(text)):
        try:
            shapes = read_shapes(text[:n], "cut.wrl")
        except InputError as error:
            said.append(str(error))
        else:
            assert len(shapes) == len(whole) or n <= end
    assert len(said) > 0.5 * len(text)
    assert [line for line in said if not line.startswith("cut.wrl: ") or "\n" in line] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("solid cube\nfacet normal 0 0 1", "no VRML text"),
        ("", "no VRML text"),
        ("#VRML V2.0 utf8\nPROTO Face [] { Shape {} }", "PROTO"),
        ("#VRML V2.0 utf8\nShape { geometry USE Nothing }", "USE Nothing before DEF"),
        ("#VRML V2.0 utf8\nShape { geometry }", "without a value"),
        (V2.replace("3,2,4 ]", "3,2,5 ]"), "names number 5 of 5 vertices, counted from 0"),
        (V2.replace("3, 2, 0, -1 ]", "3, 2, 4, -1 ]"), "names number 4 of 4 texture coordinates"),
        (V2.replace("-1, 3, 2, 0, -1 ]", "-1 ]"), "texCoordIndex has other polygons than coordIndex"),
        (V2.replace("1.5 -2e-1", "1.5"), "Coordinate has 14 numbers, no multiple of 3"),
        (V2.replace("1.5 -2e-1", "1.5 x2"), "holds something else"),
        (V2.replace("3,2,4 ]", "3,nan,4 ]"), "coordIndex holds something that is no number"),
    ],
)
def test_a_broken_scene_is_one_line(text, said):
    with pytest.raises(InputError, match=said):
        read_shapes(text, "bad.wrl")
