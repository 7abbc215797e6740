import pytest
import torch

from mien.core.errors import MienError
from mien.nets.checks import check_batch, check_input


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (
            (2, 1, 64, 64),
            r"dan was built for batches \[B, 3, H, W\], got \[2, 1, 64, 64\]: set input.channels",
        ),
        ((3, 64, 64), r"got \[3, 64, 64\]"),
        ((2, 3, 48, 64), r"dan was built for crops of 64 px, got 64 x 48: set input.size_px"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(shape, said):
    with pytest.raises(MienError, match=said) as caught:
        check_input("dan", torch.zeros(shape), 3, 64)
    assert "\n" not in str(caught.value)


def test_what_fits_passes():
    check_input("dan", torch.zeros(1, 3, 64, 64), 3, 64)
    check_input("dan", torch.zeros(1, 3, 40, 64), 3)
    check_batch("dan", torch.zeros(2, 5))


def test_a_batch_of_one_is_refused():
    with pytest.raises(MienError, match=r"dan normalises .* batch of one: raise train.batch_size"):
        check_batch("dan", torch.zeros(1, 5))
