"""Functions that ONNX or onnxruntime lacks in double."""

__all__ = ["expm1", "log1p", "sigmoid"]

from model_conversion.exact.graph import Graph


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
