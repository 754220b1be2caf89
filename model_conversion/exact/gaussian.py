"""Gaussian process classifiers in double; skl2onnx's graph needs an operator that onnxruntime does not have."""

__all__ = ["CONVERTERS"]

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    Matern,
    Product,
    RationalQuadratic,
    Sum,
    WhiteKernel,
)

from model_conversion.errors import UnsupportedError
from model_conversion.exact.accurate import erf
from model_conversion.exact.answers import both, two_columns, write_largest
from model_conversion.exact.distances import squared_distances
from model_conversion.exact.graph import Graph
from model_conversion.exact.shapes import classifier_shapes

LAMBDAS = np.array([[0.41, 0.4, 0.37, 0.44, 0.39]])
COEFFICIENTS = np.array([[-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654]])
"""Five error functions that add up to a sigmoid. Source: ``_gpc.py``, scikit-learn 1.9."""


def _kernel(graph: Graph, kernel: Any, matrix: str, fitted: NDArray[np.float64]) -> str:
    """Return the kernel between rows and fitted rows, ``(rows, fitted rows)``."""
    match kernel:
        case Sum():
            return graph.node(
                "Add", [_kernel(graph, part, matrix, fitted) for part in (kernel.k1, kernel.k2)]
            )
        case Product():
            return graph.node(
                "Mul", [_kernel(graph, part, matrix, fitted) for part in (kernel.k1, kernel.k2)]
            )
        case ConstantKernel():
            return graph.constant(np.full((1, len(fitted)), kernel.constant_value))
        case WhiteKernel():
            return graph.constant(np.zeros((1, len(fitted))))
        case Matern(nu=nu) if nu in {0.5, 1.5, 2.5}:
            distance = graph.node("Sqrt", [squared_distances(graph, matrix, fitted, kernel.length_scale)])
            return _matern(graph, distance, nu)
        case RBF() if not isinstance(kernel, Matern):
            squares = squared_distances(graph, matrix, fitted, kernel.length_scale)
            return graph.node("Exp", [graph.node("Mul", [graph.constant(-0.5), squares])])
        case RationalQuadratic():
            squares = squared_distances(graph, matrix, fitted)
            width = graph.constant(2.0 * kernel.alpha * kernel.length_scale**2)
            base = graph.node("Add", [graph.constant(1.0), graph.node("Div", [squares, width])])
            return graph.node("Pow", [base, graph.constant(-float(kernel.alpha))])
    raise UnsupportedError(
        f"the Gaussian process has the kernel {kernel}, wanted sums and products of RBF, RationalQuadratic, Matern "
        "with nu 0.5, 1.5 or 2.5, constants and white noise; fit it with one of these"
    )


def _matern(graph: Graph, distance: str, nu: float) -> str:
    scaled = graph.node("Mul", [distance, graph.constant({0.5: 1.0, 1.5: 3.0**0.5, 2.5: 5.0**0.5}[nu])])
    decay = graph.node("Exp", [graph.node("Neg", [scaled])])
    if nu == 0.5:
        return decay
    factor = graph.node("Add", [graph.constant(1.0), scaled])
    if nu == 2.5:
        square = graph.node("Mul", [scaled, scaled])
        factor = graph.node("Add", [factor, graph.node("Div", [square, graph.constant(3.0)])])
    return graph.node("Mul", [factor, decay])


def _binary(graph: Graph, process: Any, matrix: str) -> tuple[str, str]:
    """Return the latent mean and the second class's probability, ``(rows, 1)`` each.

    Source: ``_BinaryGaussianProcessClassifierLaplace.predict_proba``, scikit-learn 1.9.
    """
    if not process.kernel_.is_stationary():
        raise UnsupportedError(
            f"the Gaussian process has the kernel {process.kernel_}, which is not stationary; fit it with RBF"
        )
    fitted = np.asarray(process.X_train_, dtype=np.float64)
    kernel = _kernel(graph, process.kernel_, matrix, fitted)
    mean = graph.node("MatMul", [kernel, graph.constant((process.y_train_ - process.pi_)[:, None])])
    whitened = np.linalg.solve(process.L_, np.diag(process.W_sr_))
    spread = graph.node("MatMul", [kernel, graph.constant(whitened.T)])
    explained = graph.node(
        "ReduceSum", [graph.node("Mul", [spread, spread]), graph.constant([1], np.int64)], keepdims=1
    )
    alone = float(process.kernel_.diag(np.zeros((1, fitted.shape[1])))[0])
    variance = graph.node("Sub", [graph.constant(alone), explained])
    half = graph.constant(0.5)
    alpha = graph.node("Div", [half, variance])
    widened = graph.node(
        "Sqrt", [graph.node("Div", [alpha, graph.node("Add", [alpha, graph.constant(LAMBDAS**2)])])]
    )
    errors = erf(graph, graph.node("Mul", [graph.node("Mul", [mean, graph.constant(LAMBDAS)]), widened]))
    # sqrt(pi / alpha) / (2 sqrt(2 pi variance)) is one half, whatever the variance.
    weighted = graph.node("Mul", [graph.node("Mul", [errors, half]), graph.constant(COEFFICIENTS)])
    total = graph.node("ReduceSum", [weighted, graph.constant([1], np.int64)], keepdims=1)
    return mean, graph.node("Add", [total, graph.constant(0.5 * float(COEFFICIENTS.sum()))])


def _classifier(scope: Any, operator: Any, container: Any) -> None:
    """Write the probability of two classes, or of each against the rest.

    Raises:
        UnsupportedError: The kernel is not of a known form, or several classes are told apart in pairs.
    """
    graph = Graph(scope, operator, container)
    estimator = operator.raw_operator
    matrix = graph.matrix()
    if len(estimator.classes_) == 2:
        mean, positive = _binary(graph, estimator.base_estimator_, matrix)
        two_columns(graph, positive, output=1)
        write_largest(graph, estimator, both(graph, mean))
        return
    if estimator.multi_class != "one_vs_rest":
        raise UnsupportedError("the Gaussian process tells classes apart in pairs; fit it with 'one_vs_rest'")
    each = [_binary(graph, process, matrix)[1] for process in estimator.base_estimator_.estimators_]
    shares = graph.node("Concat", each, axis=1)
    total = graph.node("ReduceSum", [shares, graph.constant([1], np.int64)], keepdims=1)
    graph.node("Div", [shares, total], output=1)
    write_largest(graph, estimator, shares)


CONVERTERS: dict[type, tuple[Any, Any]] = {GaussianProcessClassifier: (classifier_shapes, _classifier)}
"""Estimator → shape calculator and converter, as skl2onnx takes them."""
