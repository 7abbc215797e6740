import csv

import numpy as np
import pytest

from mien.core.compound import DU15, MIXTURE_SETS, RAFDB11, Mixture, MixtureSet, logit_statistics
from mien.core.errors import MienError
from mien.core.labels import BASIC6, BASIC8, COMPOUND11
from mien.core.specs import InputSpec, LogitStatistics, ModelSpec
from mien.runtime.compound import CompoundReader, GivesOutputs, compound_reader, load_mixtures, read_mixtures

INPUT = InputSpec(size_px=8, channels="gray", mean=(0.5,), std=(0.5,))


class Logits:
    """A model whose crops are its logits."""

    def __init__(self, labels=BASIC8.names, statistics=None, kind="basic"):
        self.spec = ModelSpec(
            name="logits", method="test", labels=labels, kind=kind, input=INPUT, basic_statistics=statistics
        )

    def logits(self, batch):
        return batch


class Similarities(Logits):
    """A model that also gives similarities: the logits' signs."""

    output_names = ("logits", "similarity")
    n_runs = 0

    def outputs(self, batch):
        self.n_runs += 1
        return {"logits": batch, "similarity": np.sign(batch)}


def random_logits(n=200, labels=BASIC8.names, seed=0):
    rng = np.random.default_rng(seed)
    scale = np.arange(1, len(labels) + 1)
    return rng.normal(scale, 3 * scale, (n, len(labels))).astype(np.float32)


def test_intensities_of_any_models_logits_against_a_loop():
    logits = random_logits()
    model = Logits(statistics=logit_statistics(logits, "these"))
    reader = compound_reader(DU15, model)
    assert reader.names == tuple(sorted(DU15.names))
    seen_logits, intensities = reader.predict(model, logits[:5])
    assert np.array_equal(seen_logits, logits[:5])
    mean, std = logits.astype(np.float64).mean(0), logits.astype(np.float64).std(0)
    for b in range(5):
        for mixture in DU15.mixtures:
            expected = sum(
                share * (logits[b, i] - mean[i]) / std[i]
                for emotion, share in mixture.weights.items()
                for i in [BASIC8.index(emotion)]
            )
            got = intensities[b, reader.names.index(mixture.name)]
            assert got == pytest.approx(expected, abs=1e-6)


def test_neutral_and_contempt_do_not_count():
    logits = random_logits()
    reader = compound_reader(RAFDB11, Logits(statistics=logit_statistics(logits, "these")))
    other = logits.copy()
    other[:, [BASIC8.index("neutral"), BASIC8.index("contempt")]] = 99
    np.testing.assert_array_equal(reader.intensities(other), reader.intensities(logits))


def test_scale_and_offset_of_a_logit_do_not_matter():
    logits = random_logits()
    readers = [
        compound_reader(RAFDB11, Logits(statistics=logit_statistics(values, "these")))
        for values in (logits, 5 * logits + 3)
    ]
    first, second = readers[0].intensities(logits), readers[1].intensities(5 * logits + 3)
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert len(set(first.argmax(1))) > 5


def test_exported_similarities_are_taken_as_they_are_from_one_run():
    statistics = LogitStatistics(mean=(9.0,) * 6, std=(2.0,) * 6, fitted_on="other data")
    model = Similarities(BASIC6.names, statistics)
    reader = compound_reader(read_mixtures(["dread=0.75*fear+0.25*sadness"]), model)
    batch = np.array([[1, 1, -3, 1, 5, 1], [1, 1, 2, 1, -5, 1]], np.float32)  # anger ... sadness, surprise
    logits, intensities = reader.predict(model, batch)
    assert np.array_equal(logits, batch)
    assert intensities.tolist() == [[-0.5], [0.5]]
    assert model.n_runs == 1


def test_a_model_with_other_outputs_needs_statistics():
    model = Similarities(BASIC6.names)
    model.output_names = ("logits", "features")
    assert isinstance(model, GivesOutputs)
    with pytest.raises(MienError, match="logits holds no statistics of its logits"):
        compound_reader(RAFDB11, model)


@pytest.mark.parametrize(
    ("model", "mixtures", "said"),
    [
        (Logits(), RAFDB11, "logits holds no statistics of its logits"),
        (
            Logits(COMPOUND11.names, kind="compound"),
            RAFDB11,
            "mixed from basic emotions; logits tells angrily",
        ),
        (
            Similarities(("anger", "fear", "neutral")),
            MixtureSet("own", (Mixture("x", {"neutral": 0.5, "fear": 0.5}),)),
            r"x: unknown emotion 'neutral' \(known: anger, fear\)",
        ),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(model, mixtures, said):
    with pytest.raises(MienError, match=said) as caught:
        compound_reader(mixtures, model)
    assert "\n" not in str(caught.value)


def test_words_become_one_set(tmp_path):
    (tmp_path / "own.yaml").write_text("dread: {fear: 0.8, sadness: 0.2}")
    mixtures = read_mixtures(["rafdb11", str(tmp_path / "own.yaml"), "joy=happiness"])
    assert mixtures.names == (*RAFDB11.names, "dread", "joy")
    assert read_mixtures([]) is None


# The whole way, from files to the table.


@pytest.fixture
def standardised(predictor, monkeypatch):
    """The colour predictor with statistics in its spec."""
    statistics = LogitStatistics(mean=tuple(range(7)), std=(0.5,) * 7, fitted_on="nothing")
    spec = predictor.spec.model_copy(update={"basic_statistics": statistics})
    monkeypatch.setattr(type(predictor), "spec", property(lambda self: spec))
    return predictor


def read_rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_columns_of_compounds(tmp_path, analyze, standardised, save_picture, sink):
    save_picture(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "broken.jpg").write_text("no picture")
    out = tmp_path / "t.csv"
    analyze(tmp_path / "in", out=out, compound=("rafdb11", "joy=happiness"), sinks=[sink])
    face, broken = read_rows(out)
    names = sorted([*RAFDB11.names, "joy"])
    assert list(face)[-14:] == ["compound", "compound_intensity", *names]
    scores = {name: float(face[name]) for name in names}
    assert face["compound"] == max(scores, key=scores.get)
    assert float(face["compound_intensity"]) == max(scores.values())
    assert [broken[name] for name in ("compound", "compound_intensity", *names)] == [""] * 14
    result = sink.results[0]
    reader: CompoundReader = compound_reader(read_mixtures(["rafdb11", "joy=happiness"]), standardised)
    assert result.compounds == reader.names
    assert result.intensities.shape == (12,)


def test_without_the_option_nothing_changes(tmp_path, analyze, standardised, save_picture, sink):
    save_picture(tmp_path / "a.png")
    analyze(tmp_path / "a.png", sinks=[sink])
    analyze(tmp_path / "a.png", compound=("du15",), sinks=[sink])
    plain, mixed = sink.results
    assert (plain.compound, plain.compound_intensity, plain.compounds) == (None, None, ())
    assert np.array_equal(plain.probabilities, mixed.probabilities)


def test_intensities_are_smoothed_as_probabilities_are(
    tmp_path, analyze, standardised, save_video, moving_faces
):
    video, tables = save_video(tmp_path / "v.mp4", moving_faces), {}
    for smooth_s in (0.0, 0.4):
        out = tmp_path / f"{smooth_s}.csv"
        analyze(video, out=out, compound=("du15",), smooth_s=smooth_s)
        tables[smooth_s] = [row for row in read_rows(out) if row["face_id"] == "0"]
    for column in ("awed", "fear"):
        jitter = {
            s: np.abs(np.diff([float(row[column]) for row in rows])).mean() for s, rows in tables.items()
        }
        assert 0 < jitter[0.4] < 0.8 * jitter[0.0]


@pytest.mark.parametrize("smooth_s", [0.0, 0.3])
def test_a_table_cut_in_a_video_is_finished_to_the_same_bytes(
    tmp_path, analyze, standardised, save_video, moving_faces, smooth_s
):
    from mien.runtime.run_record import RunRecord, read_record, write_record

    video, out = save_video(tmp_path / "v.mp4", moving_faces), tmp_path / "t.csv"
    options = {"out": out, "compound": ("du15",), "smooth_s": smooth_s}
    analyze(video, **options)
    expected = out.read_bytes()
    out.write_bytes(expected[: len(expected) * 2 // 3])
    write_record(out, RunRecord(read_record(out).options, finished=False))
    with pytest.raises(MienError, match="compound was"):
        analyze(video, **{**options, "compound": ("rafdb11",)}, resume=True)
    analyze(video, **options, resume=True)
    assert out.read_bytes() == expected


def test_a_compound_cannot_take_a_columns_name(tmp_path, analyze, standardised, save_picture):
    save_picture(tmp_path / "a.png")
    with pytest.raises(MienError, match="no compound can be called fear: the table has such a column"):
        analyze(tmp_path / "a.png", compound=("fear=0.5*fear+0.5*anger",))


def test_sets_by_name_from_a_file_or_as_typed(tmp_path):
    assert load_mixtures("rafdb11") is RAFDB11
    assert set(MIXTURE_SETS) == {"rafdb11", "du15"}
    assert load_mixtures("dread=0.8*fear+0.2*sadness").names == ("dread",)
    (tmp_path / "ours.txt").write_text("# ours\nnostalgia=0.5*happiness+0.5*sadness\n")
    assert load_mixtures(tmp_path / "ours.txt").names == ("nostalgia",)
    with pytest.raises(MienError, match="no compound set and no file 'rafdb1'; did you mean 'rafdb11'"):
        load_mixtures("rafdb1")
    with pytest.raises(MienError, match="cannot be read"):
        load_mixtures(tmp_path)
