"""Functions that ONNX or onnxruntime lacks in double."""

__all__ = ["erf", "expm1", "log1p", "sigmoid"]

from collections.abc import Sequence

from model_conversion.exact.graph import Graph

_SMALL = (
    (
        1.85777706184603153e-1,
        3.16112374387056560e0,
        1.13864154151050156e2,
        3.77485237685302021e2,
        3.20937758913846947e3,
    ),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
_LARGE = (
    (
        2.15311535474403846e-8,
        5.64188496988670089e-1,
        8.88314979438837594e0,
        6.61191906371416295e1,
        2.98635138197400131e2,
        8.81952221241769090e2,
        1.71204761263407058e3,
        2.05107837782607147e3,
        1.23033935479799725e3,
    ),
    (
        1.0,
        1.57449261107098347e1,
        1.17693950891312499e2,
        5.37181101862009858e2,
        1.62138957456669019e3,
        3.29079923573345963e3,
        4.36261909014324716e3,
        3.43936767414372164e3,
        1.23033935480374942e3,
    ),
)
"""Numerators and denominators, highest power first. Source: W. J. Cody, Math. Comp. 23 (1969) 631-637, CALERF."""

_EDGE = 0.46875
_MOST = 6.0
"""Beyond, the error function is one to the last digit."""


def erf(graph: Graph, number: str) -> str:
    """Return the error function, which onnxruntime has in float32 only; Cody's rational approximations."""
    one = graph.constant(1.0)
    size = graph.node("Min", [graph.node("Abs", [number]), graph.constant(_MOST)])
    square = graph.node("Mul", [size, size])
    near = graph.node("Mul", [number, _ratio(graph, square, _SMALL)])
    decay = graph.node("Exp", [graph.node("Neg", [square])])
    rest = graph.node("Sub", [one, graph.node("Mul", [decay, _ratio(graph, size, _LARGE)])])
    far = graph.node("Mul", [graph.node("Sign", [number]), rest])
    small = graph.node("LessOrEqual", [size, graph.constant(_EDGE)])
    return graph.node("Where", [small, near, far])


def _ratio(graph: Graph, number: str, parts: tuple[Sequence[float], Sequence[float]]) -> str:
    """Return the quotient of two polynomials, by Horner's rule."""
    values = []
    for coefficients in parts:
        value = graph.constant(coefficients[0])
        for coefficient in coefficients[1:]:
            value = graph.node("Add", [graph.node("Mul", [value, number]), graph.constant(coefficient)])
        values.append(value)
    return graph.node("Div", values)


def sigmoid(graph: Graph, number: str) -> str:
    """Return ``1 / (1 + exp(-x))``, which onnxruntime's own in double answers with zero below -37."""
    one = graph.constant(1.0)
    power = graph.node("Exp", [graph.node("Neg", [number])])
    return graph.node("Div", [one, graph.node("Add", [one, power])])


def log1p(graph: Graph, number: str) -> str:
    """Return ``log(1 + x)``, accurate for small ``x`` too.

    Source: W. Kahan's correction of ``log(1 + x)`` by the rounding of ``1 + x``.
    """
    one = graph.constant(1.0)
    sum_ = graph.node("Add", [one, number])
    rounded = graph.node("Sub", [sum_, one])
    nothing = graph.node("Equal", [rounded, graph.constant(0.0)])
    ratio = graph.node("Div", [number, graph.node("Where", [nothing, one, rounded])])
    corrected = graph.node("Mul", [graph.node("Log", [sum_]), ratio])
    infinite = graph.node("IsInf", [number])
    return graph.node("Where", [graph.node("Or", [nothing, infinite]), number, corrected])


def expm1(graph: Graph, number: str) -> str:
    """Return ``exp(x) - 1``, accurate for small ``x`` too.

    Source: W. Kahan's correction of ``exp(x) - 1`` by the logarithm of the rounded ``exp(x)``.
    """
    one = graph.constant(1.0)
    power = graph.node("Exp", [number])
    less = graph.node("Sub", [power, one])
    # Beyond one half nothing cancels; below, the logarithm is near the number and never that of zero or infinity.
    small = graph.node("Less", [graph.node("Abs", [number]), graph.constant(0.5)])
    nothing = graph.node("Equal", [less, graph.constant(0.0)])
    logarithm = graph.node("Log", [power])
    same = graph.node("Not", [graph.node("And", [small, graph.node("Not", [nothing])])])
    ratio = graph.node("Div", [number, graph.node("Where", [same, one, logarithm])])
    corrected = graph.node("Mul", [less, ratio])
    return graph.node("Where", [nothing, number, graph.node("Where", [small, corrected, less])])
