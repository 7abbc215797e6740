"""The survey of data sets: what each is made of, as rows of a table and as the facts of one set."""

from __future__ import annotations

from mien.data.datasets import DatasetInfo

SURVEY_COLUMNS = ("name", "year", "kind", "data", "people", "ages", "samples", "classes", "also known")


def survey_row(info: DatasetInfo) -> tuple[str, ...]:
    """One row of the survey, in the order of SURVEY_COLUMNS; empty where nothing is published."""
    classes = str(len(info.labels)) if info.labels else ""
    survey = info.survey
    if survey is None:
        return (info.name, "", "", "", "", "", "", classes, "")
    return (
        info.name,
        str(survey.year or ""),
        survey.kind,
        survey.modality,
        str(survey.subjects or ""),
        survey.ages,
        f"{survey.samples:,} {survey.unit}",
        classes,
        survey.annotation,
    )


def facts(info: DatasetInfo) -> dict[str, str]:
    """All that is known of one set, by what it is; nothing that is not published."""
    known = {"data set": info.title} | dict(zip(SURVEY_COLUMNS, survey_row(info), strict=True))
    known |= {
        "labels": ", ".join(info.labels.names) if info.labels else "",
        "its own order": ", ".join(f"{n} {name}" for n, name in enumerate(info.native_labels)),
        "published splits": published_splits(info),
        "pictures": "face crops, taken as they come" if info.crops else "whole: faces are found and aligned",
        "terms": info.licence,
        "where to ask": info.source,
        "paper": info.paper,
    }
    return {key: value for key, value in known.items() if value}


def published_splits(info: DatasetInfo) -> str:
    """The published number of samples of each split; empty where there is none."""
    return ", ".join(f"{split} {n:,}" for split, n in info.splits.items())
