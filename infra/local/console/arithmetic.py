"""The part of CloudWatch's metric math that the dashboard uses: numbers, names, + - * / and brackets."""

__all__ = ["ExpressionError", "calculate"]

import ast
import operator
from typing import TYPE_CHECKING

from function.errors import NightjarError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BINARY: "dict[type[ast.operator], Callable[[float, float], float]]" = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class ExpressionError(NightjarError):
    """An expression has something other than numbers, names, ``+ - * /`` and brackets."""


def calculate(expression: str, values: "Mapping[str, float | None]") -> float | None:
    """Return an expression's value for one period.

    Args:
        expression: Metric math.
        values: Name → value; None where there is no data.

    Returns:
        The value; None where a series has no data or a divisor is zero, as CloudWatch draws nothing there.

    Raises:
        ExpressionError: The expression is beyond what is known here, or names an unknown series.
    """
    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"cannot read {expression!r}: {error.msg}; wanted arithmetic") from error
    return _value(tree, values, expression)


def _value(node: ast.expr, values: "Mapping[str, float | None]", expression: str) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _value(operand, values, expression)
            return None if inner is None else -inner
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            a, b = _value(left, values, expression), _value(right, values, expression)
            if a is None or b is None or (b == 0 and isinstance(sign, ast.Div)):
                return None
            return _BINARY[type(sign)](a, b)
        case _:
            raise ExpressionError(
                f"{expression!r} has {ast.unparse(node)!r}, wanted numbers, {sorted(values)}, + - * / and brackets"
            )
