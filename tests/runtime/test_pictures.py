import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from mien.core.errors import InputError
from mien.runtime.picture_header import picture_format, read_header
from mien.runtime.pictures import MAX_PIXELS, check_header, decode_picture, read_picture


def smooth_colours() -> np.ndarray:
    coarse = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    return cv2.resize(coarse, (64, 48), interpolation=cv2.INTER_CUBIC)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decoded(data: bytes) -> np.ndarray:
    return decode_picture(data, check_header(data))


FORMATS = [
    ("JPEG", "jpeg", {"quality": 98}),
    ("JPEG", "jpeg", {"quality": 98, "progressive": True}),
    ("PNG", "png", {}),
    ("WEBP", "webp", {"lossless": True}),
    ("WEBP", "webp", {"quality": 100}),
    ("BMP", "bmp", {}),
    ("TIFF", "tiff", {}),
    ("TIFF", "tiff", {"compression": "tiff_lzw"}),
    ("AVIF", "avif", {"quality": 98}),
    ("JPEG2000", "jp2", {}),
    ("JPEG2000", "jp2", {"no_jp2": True}),
    ("PPM", "pnm", {}),
]


@pytest.mark.parametrize(("kind", "name", "options"), FORMATS)
def test_every_format_gives_its_size_and_its_colours(kind, name, options):
    colours = smooth_colours()
    data = encoded(Image.fromarray(colours), kind, **options)
    header = read_header(data)
    assert (header.format, header.width, header.height, header.has_alpha) == (name, 64, 48, False)
    image = decoded(data)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert np.abs(image.astype(int) - colours).mean() < 4


@pytest.mark.parametrize(("kind", "name", "options"), FORMATS)
@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.95])
def test_a_truncated_picture_is_an_error(kind, name, options, part):
    data = encoded(Image.fromarray(smooth_colours()), kind, **options)
    if name == "avif" and part == 0.02:
        part = 0.05  # not even the format can be told from less
    with pytest.raises(InputError, match=r"(?i)truncated|damaged|not a picture"):
        decoded(data[: max(12, int(len(data) * part))])


def test_a_jpeg_with_something_behind_its_end_is_whole():
    data = encoded(Image.fromarray(smooth_colours()), "JPEG") + b"a film that a phone appended"
    assert decoded(data).shape == (48, 64, 3)


def test_transparent_parts_are_white():
    colours = smooth_colours()
    alpha = np.zeros((48, 64), np.uint8)
    alpha[:, 20:40] = 128
    alpha[:, 40:] = 255
    for kind, options in (("PNG", {}), ("WEBP", {"lossless": True, "exact": True})):
        image = decoded(encoded(Image.fromarray(np.dstack([colours, alpha])), kind, **options))
        assert (image[:, :20] == 255).all()
        assert np.abs(image[:, 20:40].astype(int) - (colours[:, 20:40].astype(int) + 255) // 2).max() <= 2
        assert (image[:, 40:] == colours[:, 40:]).all()


def test_transparent_palette_and_grey_with_alpha():
    grey = Image.fromarray(smooth_colours()).convert("L")
    alpha = Image.new("L", grey.size, 0)
    assert (decoded(encoded(Image.merge("LA", (grey, alpha)), "PNG")) == 255).all()
    palette = Image.new("P", (10, 10), 3)
    palette.putpalette([0, 0, 0] * 256)
    assert (decoded(encoded(palette, "PNG", transparency=3)) == 255).all()


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bits_become_eight(suffix):
    grey = smooth_colours()[:, :, 0]
    data = cv2.imencode(suffix, grey.astype(np.uint16) * 257)[1].tobytes()
    image = decoded(data)
    assert image.dtype == np.uint8
    assert (image == grey[:, :, None]).all()


def test_sixteen_bits_with_alpha():
    colours = smooth_colours().astype(np.uint16) * 257
    alpha = np.full((48, 64), 65535, np.uint16)
    data = cv2.imencode(".png", np.dstack([colours[:, :, ::-1], alpha]))[1].tobytes()
    assert (decoded(data) == colours // 257).all()


def test_grey_becomes_three_equal_channels():
    grey = smooth_colours()[:, :, 0]
    assert (decoded(encoded(Image.fromarray(grey), "PNG")) == grey[:, :, None]).all()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk(kind):
    picture = Image.fromarray(smooth_colours())
    options = {"quality": 98} if kind == "JPEG" else {}
    image = decoded(encoded(picture.convert("CMYK"), kind, **options))
    assert np.abs(image.astype(int) - np.asarray(picture)).mean() < 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA"), ("WEBP", "RGB"), ("WEBP", "RGBA")]
)
def test_exif_orientation_is_applied(kind, mode, orientation):
    colours = np.zeros((48, 64, 3), np.uint8)
    colours[:24, :32], colours[:24, 32:], colours[24:, :32] = (250, 0, 0), (0, 250, 0), (0, 0, 250)
    exif = Image.Exif()
    exif[274] = orientation
    picture = Image.fromarray(colours).convert(mode)
    if mode == "RGBA":
        picture.putpixel((0, 0), (250, 0, 0, 254))  # or the encoder drops the alpha
    options = {"lossless": True} if kind == "WEBP" else {"quality": 98} if kind == "JPEG" else {}
    data = encoded(picture, kind, exif=exif, **options)
    turn = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda a: np.rot90(a),
    }[orientation]
    image = decoded(data)
    assert image.shape == turn(colours).shape
    assert np.abs(image.astype(int) - turn(colours)).mean() < 4


def png_with_size(width: int, height: int) -> bytes:
    def chunk(tag: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def test_a_picture_of_20000_by_20000_is_refused_by_its_header():
    with pytest.raises(InputError, match=r"20000 x 20000 pixels are more than the limit of 128 megapixels"):
        check_header(png_with_size(20_000, 20_000))
    jpeg = bytearray(encoded(Image.fromarray(smooth_colours()), "JPEG"))
    at = jpeg.find(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", 20_000, 20_000)
    with pytest.raises(InputError, match="more than the limit"):
        check_header(bytes(jpeg))


def test_the_limit_lets_a_picture_of_just_that_size_pass():
    side = int(MAX_PIXELS**0.5)
    assert check_header(png_with_size(side, side)).width == side


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_one_pixel(kind):
    assert decoded(encoded(Image.new("RGB", (1, 1), (9, 9, 9)), kind)).shape == (1, 1, 3)


def test_text_is_no_picture():
    with pytest.raises(InputError, match="not a picture"):
        check_header(b"Dear diary, today I was a file named .jpg.")


def test_heic_is_told_apart():
    with pytest.raises(InputError, match="HEIC"):
        check_header(b"\0\0\0\x18ftypheic\0\0\0\0")


def test_an_empty_file_and_a_missing_one(tmp_path):
    (tmp_path / "a.jpg").touch()
    with pytest.raises(InputError, match="empty"):
        read_picture(tmp_path / "a.jpg")
    with pytest.raises(InputError, match="No such file"):
        read_picture(tmp_path / "b.jpg")


def test_headers_survive_any_cut_and_any_flipped_byte():
    rng = np.random.default_rng(0)
    for kind, _, options in FORMATS:
        data = encoded(Image.fromarray(smooth_colours()), kind, **options)
        for cut in range(0, min(len(data), 200)):
            read_header(data[:cut])
        for _ in range(200):
            broken = bytearray(data)
            broken[rng.integers(0, min(len(data), 300))] = rng.integers(0, 256)
            read_header(bytes(broken))


def test_formats_are_told_by_their_first_bytes():
    assert picture_format(b"GIF89a...........") == "gif"
    assert picture_format(b"RIFF....AVI LIST") is None
    assert picture_format(b"BMXYZ plain text ") is None
    assert picture_format(b"") is None
