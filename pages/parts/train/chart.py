"""Loss and learning rate over the steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.parts.shared.wording import say
from story_engine.domain.run import MetricRow

_HEIGHT = 260
_CLEAR = {"background": "transparent", "padding": {"top": 12, "right": 8}}
_RAW, _SMOOTHED = "#9A92A0", "#B4608A"
"""Grey and the accent: both stand out on the light and on the dark page."""


def draw(rows: Sequence[MetricRow]) -> None:
    """The loss as it is and smoothed; beside it the learning rate."""
    left, right = st.columns([7, 3], gap="medium")
    with left:
        st.vega_lite_chart(spec=_loss(rows), width="stretch", key="train-loss", alt=say("train_loss_alt"))
    with right:
        st.vega_lite_chart(spec=_rate(rows), width="stretch", key="train-rate", alt=say("train_rate_alt"))


def _loss(rows: Sequence[MetricRow]) -> dict[str, Any]:
    raw, smoothed = say("train_loss_raw"), say("train_loss_smoothed")
    values = [{"step": row.step, "kind": raw, "loss": round(row.loss, 6)} for row in rows]
    values += [{"step": row.step, "kind": smoothed, "loss": round(row.smoothed_loss, 6)} for row in rows]
    return _CLEAR | {
        "height": _HEIGHT,
        "data": {"values": values},
        "mark": "line",
        "encoding": {
            "x": {"field": "step", "type": "quantitative", "title": say("train_step"), "axis": {"tickMinStep": 1}},
            "y": {
                "field": "loss",
                "type": "quantitative",
                "title": say("train_loss_raw"),
                "scale": {"zero": False},
            },
            "color": {
                "field": "kind",
                "type": "nominal",
                "title": None,
                "scale": {"domain": [raw, smoothed], "range": [_RAW, _SMOOTHED]},
                "legend": {"orient": "top", "offset": 4},
            },
            "opacity": {"condition": {"test": f"datum.kind === '{raw}'", "value": 0.45}, "value": 1},
            "strokeWidth": {"condition": {"test": f"datum.kind === '{raw}'", "value": 1}, "value": 2.5},
        },
    }


def _rate(rows: Sequence[MetricRow]) -> dict[str, Any]:
    return _CLEAR | {
        "height": _HEIGHT,
        "data": {"values": [{"step": row.step, "rate": row.learning_rate} for row in rows]},
        "mark": {"type": "line", "color": _SMOOTHED, "strokeWidth": 2},
        "encoding": {
            "x": {"field": "step", "type": "quantitative", "title": say("train_step"), "axis": {"tickMinStep": 1}},
            "y": {
                "field": "rate",
                "type": "quantitative",
                "title": say("train_rate"),
                "axis": {"format": "~e", "tickCount": 4},
            },
        },
    }
