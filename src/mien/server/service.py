"""Everything that one running server holds, made in one place and closed in one place."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial

import cv2
from starlette.requests import HTTPConnection

from mien.core.records import Predictor
from mien.faces.detector import Detector, create_detector
from mien.server.admission import Admission
from mien.server.crew import Crew
from mien.server.detectors import DetectorPool
from mien.server.job_store import JobStore
from mien.server.job_worker import JobWorker
from mien.server.metrics import Metrics
from mien.server.models import open_models
from mien.server.settings import Settings

_WORK_THREADS = 32  # they wait for a detector or for the model most of the time


class Service:
    """A server's parts.

    Attributes:
        settings: As told.
        limits: Of the settings.
        metrics: Its counters.
        admission: Requests in hand.
        models: In use.
        detectors: As many as pictures at once.
        crew: Threads of requests.
        jobs: What is known of videos.
        worker: Analyses them.
        n_streams: Open now.
    """

    n_streams = 0

    def __init__(
        self,
        settings: Settings,
        *,
        predictors: Mapping[str, Predictor] | None = None,
        make_detector: Callable[[], Detector] | None = None,
    ) -> None:
        """Load and open everything.

        Args:
            settings: What the server was told.
            predictors: Ready models by their word in the settings; None loads them.
            make_detector: Makes a detector; None: by the settings.

        Raises:
            MienError: A model, a detector or the folder of jobs cannot be used.
        """
        self.settings, self.limits = settings, settings.limits
        cv2.setNumThreads(1)  # pictures are worked on side by side instead
        if make_detector is None:
            found = create_detector(settings.detector, min_face_px=settings.min_face_px)
            make_detector = partial(create_detector, found.name, min_face_px=settings.min_face_px)
        self.metrics = Metrics()
        self.admission = Admission(self.limits)
        self.detectors = DetectorPool(make_detector, settings.n_threads)
        self.models = open_models(
            settings,
            predictors=predictors,
            others_coming=lambda: self.detectors.n_busy > 0,
            on_batch=self.metrics.batches.observe,
        )
        self.crew = Crew(_WORK_THREADS, self.limits.request_s)
        self.jobs = JobStore(settings.data_dir, settings.keep_hours)
        self.worker = JobWorker(self.jobs, self.models, make_detector, settings)
        self.metrics.watch_queue(lambda: self.admission.n_requests)
        self.metrics.watch_jobs(self.jobs.count_by_status)

    def start(self) -> None:
        """Begin with the jobs that wait."""
        self.worker.start()

    def close(self) -> None:
        """Finish what is in hand; a running job goes on at the next start."""
        logging.getLogger("mien.server").info("stopping")
        self.worker.stop()
        self.crew.close()
        self.models.close()
        self.jobs.close()


def service_of(connection: HTTPConnection) -> Service:
    """The service behind a request or a WebSocket."""
    service: Service = connection.app.state.service
    return service
