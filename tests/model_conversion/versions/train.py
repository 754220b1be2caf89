"""Fits and saves the pipelines beside this file; run with scikit-learn 1.7.2, whose models they are.

python -m venv old && old/bin/pip install scikit-learn==1.7.2 pandas skops && old/bin/python train.py
"""

import zipfile

import joblib
import skops.io
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

COLUMNS = ["mean radius", "mean texture", "worst area"]

if __name__ == "__main__":
    frame = load_breast_cancer(as_frame=True).frame
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame[COLUMNS], frame["target"])
    skops.io.dump(pipeline, "tumours.skops", compression=zipfile.ZIP_DEFLATED, compresslevel=9)
    joblib.dump(pipeline, "tumours.joblib", compress=9)
