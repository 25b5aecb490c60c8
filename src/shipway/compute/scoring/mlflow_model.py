"""The scoring script of an MLflow model that came without one.

Takes what Azure takes (`{"input_data": ...}`, a table split into columns, index and data, a list
of rows, or named tensors; `params` beside it) and answers the predictions as JSON. Runs in the
model's environment.
Source: https://learn.microsoft.com/azure/machine-learning/how-to-deploy-mlflow-models
"""

# mypy: ignore-errors
import json
import os
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from azureml_inference_server_http.api.aml_response import AMLResponse

_model: Any = None
_input_schema: Any = None


def init() -> None:
    """Load the one model folder below AZUREML_MODEL_DIR."""
    global _model, _input_schema  # the server's contract: init prepares, run uses
    _model = mlflow.pyfunc.load_model(_folder(os.environ["AZUREML_MODEL_DIR"]))  # noqa: TID251
    _input_schema = _model.metadata.get_input_schema()


def run(raw_data: str) -> Any:  # noqa: ANN401  # whatever the model predicts
    """Predict. 400 with the reason when the body cannot be read or does not fit the model."""
    try:
        body = json.loads(raw_data)
        if not isinstance(body, dict) or "input_data" not in body:
            raise ValueError("Request must contain a top level key named 'input_data'")
        table = _table(body["input_data"])
        params = body.get("params")
    except ValueError as error:
        return AMLResponse({"message": str(error)}, 400, json_str=True)
    try:
        predicted = _model.predict(table, params=params) if params else _model.predict(table)
    except mlflow.exceptions.MlflowException as error:
        return AMLResponse({"message": error.message}, 400, json_str=True)
    return _plain(predicted)


def _folder(root: str) -> str:
    for folder, _, files in sorted(os.walk(root)):
        if "MLmodel" in files:
            return folder
    raise FileNotFoundError(f"no MLmodel file below {root}")


def _table(data: Any) -> Any:  # noqa: ANN401
    if isinstance(data, dict) and "data" in data:
        frame = pd.DataFrame(data["data"], columns=data.get("columns"), index=data.get("index"))
        return _typed(frame)
    if isinstance(data, dict):
        return {name: np.asarray(value) for name, value in data.items()}
    if isinstance(data, list) and data and isinstance(data[0], dict):
        return _typed(pd.DataFrame(data))
    if isinstance(data, list):
        if _input_schema is not None and not _input_schema.is_tensor_spec():
            names = _input_schema.input_names() if _input_schema.has_input_names() else None
            return _typed(pd.DataFrame(data, columns=names))
        return np.asarray(data)
    raise ValueError("'input_data' must be a table (columns, index, data), a list or named tensors")


def _typed(frame: Any) -> Any:  # noqa: ANN401
    """JSON has one kind of number: give each column the type that the model's signature names."""
    if _input_schema is None or _input_schema.is_tensor_spec():
        return frame
    for spec in _input_schema.inputs:
        if spec.name in frame.columns and not frame[spec.name].isna().any():
            try:
                frame[spec.name] = frame[spec.name].astype(spec.type.to_pandas())
            except (ValueError, TypeError) as error:
                raise ValueError(f"column '{spec.name}': {error}") from None
    return frame


def _plain(predicted: Any) -> Any:  # noqa: ANN401
    if isinstance(predicted, pd.DataFrame):
        return json.loads(predicted.to_json(orient="records"))
    if isinstance(predicted, pd.Series):
        return json.loads(predicted.to_json(orient="values"))
    if isinstance(predicted, np.ndarray):
        return predicted.tolist()
    if isinstance(predicted, dict):
        return {name: _plain(value) for name, value in predicted.items()}
    return predicted
