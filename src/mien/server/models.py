"""The models that a server runs, and what clients are told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from mien.core.compound import MIXTURE_SETS
from mien.core.errors import MienError
from mien.core.palette import label_colors
from mien.core.records import Predictor
from mien.core.registry import suggest
from mien.core.specs import ModelSpec
from mien.runtime.compound import CompoundReader, compound_reader, read_mixtures
from mien.runtime.engine_onnx import OnnxPredictor
from mien.runtime.model_files import find_model
from mien.server.batching import BatchingPredictor, FewAtOnce
from mien.server.errors import ApiError
from mien.server.settings import Settings


@dataclass(eq=False)
class ServedModel:
    """A model in use.

    Attributes:
        word: What the server was told: its name or its file.
        predictor: The model, for work that is in batches already.
        shared: The same for many small requests.
    """

    word: str
    predictor: Predictor
    shared: BatchingPredictor | FewAtOnce
    _readers: dict[tuple[str, ...], CompoundReader] = field(default_factory=dict)

    @property
    def spec(self) -> ModelSpec:
        """The model's spec."""
        return self.predictor.spec

    @property
    def name(self) -> str:
        """Its public name."""
        return self.spec.name

    def reader(self, sets: Sequence[str]) -> CompoundReader | None:
        """How it tells some compound sets; None for no set.

        Raises:
            ApiError: It cannot, or the sets hold the same compounds.
        """
        key = tuple(sets)
        if not key:
            return None
        if key not in self._readers:
            try:
                mixtures = read_mixtures(key)
                assert mixtures is not None
                self._readers[key] = compound_reader(mixtures, self.predictor)
            except MienError as error:
                raise ApiError(422, "invalid", f"compound: {error}") from error
        return self._readers[key]


class ServedModels:
    """The models of one server, the default first."""

    def __init__(self, models: Sequence[ServedModel]) -> None:
        self._models = {model.name: model for model in models}
        if len(self._models) < len(models):
            raise MienError(f"two models are both called {', '.join(self._models)}; give each --model once")
        self.default = models[0]

    def __iter__(self) -> Iterator[ServedModel]:
        return iter(self._models.values())

    def find(self, name: str | None) -> ServedModel:
        """A model by its name; the default for None.

        Raises:
            ApiError: There is no such model here. A client's word is never taken for a file.
        """
        if name is None:
            return self.default
        if name not in self._models:
            known = suggest(name[:80], list(self._models))
            raise ApiError(422, "invalid", f"unknown model {name[:80]!r}{known}")
        return self._models[name]

    def close(self) -> None:
        """End their workers."""
        for model in self:
            model.shared.close()


def open_models(
    settings: Settings,
    *,
    predictors: Mapping[str, Predictor] | None,
    others_coming: Callable[[], bool],
    on_batch: Callable[[int], object],
) -> ServedModels:
    """Load the models.

    Args:
        settings: Names them.
        predictors: Ready ones by word instead; None loads.
        others_coming: See `BatchingPredictor`.
        on_batch: See `BatchingPredictor`.

    Raises:
        MienError: One is unknown or damaged, or takes ready-made crops only.
    """
    served = []
    for word in settings.models:
        predictor = predictors[word] if predictors else OnnxPredictor(find_model(word), threads=1)
        if predictor.spec.input.align is None:
            raise MienError(
                f"{word}: it takes ready-made face crops only (no framing), so it cannot be served"
            )
        if settings.batching:
            shared: BatchingPredictor | FewAtOnce = BatchingPredictor(
                predictor, others_coming=others_coming, on_batch=on_batch
            )
        else:
            shared = FewAtOnce(predictor, settings.n_threads, on_batch)
        served.append(ServedModel(word, predictor, shared))
    return ServedModels(served)


def describe(models: ServedModels, settings: Settings) -> dict[str, Any]:
    """What ``GET /v1/models`` answers."""
    labels = dict.fromkeys(label for model in models for label in model.spec.labels)
    limits = {**asdict(settings.limits), "keep_hours": settings.keep_hours}
    return {
        "models": [_card(model, model is models.default) for model in models],
        "compound_sets": {
            name: [{"name": one.name, "parts": dict(one.weights)} for one in known.mixtures]
            for name, known in MIXTURE_SETS.items()
        },
        "limits": {name: value for name, value in limits.items() if name not in _INNER_LIMITS},
        "palette": label_colors(tuple(labels)),
    }


_INNER_LIMITS = ("waiting_bytes", "stream_idle_s")


def _card(model: ServedModel, is_default: bool) -> dict[str, Any]:
    spec = model.spec
    return {
        "name": spec.name,
        "version": spec.version,
        "labels": list(spec.labels),
        "kind": spec.kind,
        "precision": spec.precision,
        "input": {"size_px": spec.input.size_px, "channels": spec.input.channels},
        "depth_optional": spec.depth_optional,
        "default": is_default,
        "unsure_below": spec.unsure_below,
        "trained_on": spec.trained_on,
        "licence": spec.licence,
        "has_compounds": can_tell_compounds(model),
    }


def can_tell_compounds(model: ServedModel) -> bool:
    """Whether compound sets may be asked of a model."""
    try:
        return model.reader(tuple(MIXTURE_SETS)[:1]) is not None
    except ApiError:
        return False
