"""Answers scoring requests: flights in, probabilities of a late arrival out.

   {"flights": [{"carrier": "UA", "origin": "EWR", ...}, ...]}
-> {"model": "flight-delay:3", "probabilities": [0.12, ...], "late": [false, ...]}
"""

from __future__ import annotations

import os
from pathlib import Path

import joblib
import scoring_request
from azureml_inference_server_http.api.aml_response import AMLResponse

model = None
model_label = "unknown"


def init() -> None:
    """Loads the model once, before the first request."""
    global model, model_label
    folder = Path(os.environ["AZUREML_MODEL_DIR"])
    found = sorted(folder.rglob("model.pkl"))
    if not found:
        raise FileNotFoundError(f"no model.pkl below {folder}")
    model = joblib.load(found[0])
    model_label = os.environ.get("MODEL_LABEL", "unknown")
    print(f"serving {model_label} from {found[0]}")


def run(raw_data: str) -> dict | AMLResponse:
    """Answers one request; a wrong one is answered with what is wrong about it."""
    try:
        table = scoring_request.table_of(raw_data, list(model.feature_names_in_))
    except scoring_request.RequestError as error:
        return AMLResponse({"error": str(error)}, 400, json_str=True)
    probabilities = model.predict_proba(table)[:, 1]
    return {
        "model": model_label,
        "probabilities": [round(float(p), 6) for p in probabilities],
        "late": [bool(p >= 0.5) for p in probabilities],
    }
