"""`actprof bounds` for machines: the object of schema actprof.bounds/1, and its rows."""

from __future__ import annotations

from typing import Any

from actprof import __version__
from actprof.bounds.result import Bounds, Sample, Scheme

JSON_SCHEMA = "actprof.bounds/1"


def record_of(bounds: Bounds) -> dict[str, Any]:
    """The object of schema actprof.bounds/1; `sample` is that of the largest fan-in, `samples` holds all."""
    return {"schema": JSON_SCHEMA, "version": __version__, "seed": bounds.seed, "config": bounds.config,
            "schemes": [_scheme(scheme) for scheme in bounds.schemes], "notes": bounds.notes}


def rows_of(bounds: Bounds) -> list[dict[str, Any]]:
    """One row per scheme × fan-in; the sample's cells are empty where none was drawn."""
    return [_row(scheme, place) for scheme, place in bounds.rows()]


def _scheme(scheme: Scheme) -> dict[str, Any]:
    samples = [{"fan_in": sample.fan_in, "fan_out": sample.fan_out, **_sample(sample)} for sample in scheme.samples]
    within_one, within_three = scheme.inside or (None, None)
    return {
        "label": scheme.label, "scheme": scheme.name, "formula": scheme.formula, "distribution": scheme.distribution,
        "channels": scheme.channels if scheme.convolution else None, "fan_in": scheme.fan_in,
        "fan_out": scheme.fan_out, "mean": scheme.mean, "std": scheme.std, "bound": scheme.bound,
        "inside_std": within_one, "inside_3_std": within_three, "slope": scheme.slope,
        "sample": samples[-1] if samples else None, "samples": samples, "notes": scheme.notes,
    }


def _sample(sample: Sample) -> dict[str, Any]:
    return {"count": sample.count, "min": sample.min, "max": sample.max, "mean": sample.mean, "std": sample.sample_std,
            "inside_std": sample.inside, "std_errors": sample.error, "agrees": sample.agrees}


def _row(scheme: Scheme, place: int) -> dict[str, Any]:
    sampled = scheme.sample_at.get(scheme.channels[place])
    return {
        "scheme": scheme.label, "distribution": scheme.distribution,
        **({"channels": scheme.channels[place]} if scheme.convolution else {}), "fan_in": scheme.fan_in[place],
        "fan_out": scheme.fan_out[place], "mean": scheme.mean[place], "std": scheme.std[place],
        "bound": scheme.bound[place] if scheme.bound else None,
        **({f"sample_{key}": value for key, value in _sample(sampled).items()} if sampled else {}),
    }
