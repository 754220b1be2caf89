"""What a graph is made of, so that the report can show the library's own beside the one that was written."""

__all__ = ["DEFAULT", "GraphFacts", "Graphs"]

from dataclasses import dataclass
from typing import Self

import onnx

DEFAULT = "float32"
"""The strategy that leaves everything to the library."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphFacts:
    """A graph in numbers.

    Attributes:
        strategy: How it was made.
        size_bytes: Of the file.
        nodes: Operators, those within branches left out.
        tree_nodes: Splits and leaves of its trees, as they are stored.
    """

    strategy: str
    size_bytes: int
    nodes: int
    tree_nodes: int

    @classmethod
    def of(cls, strategy: str, graph: bytes) -> Self:
        """Count a graph's parts.

        Args:
            strategy: How it was made.
            graph: Content of ``model.onnx``.
        """
        nodes = onnx.load_from_string(graph).graph.node
        trees = [
            len(item.ints)
            for node in nodes
            for item in node.attribute
            if item.name in {"nodes_featureids", "leaf_targetids"}  # the second of opset 5 alone
        ]
        return cls(strategy=strategy, size_bytes=len(graph), nodes=len(nodes), tree_nodes=sum(trees))


@dataclass(frozen=True, slots=True, kw_only=True)
class Graphs:
    """Before and after.

    Attributes:
        default: The library's own graph; None if it makes none.
        written: The graph that passed.
    """

    default: GraphFacts | None
    written: GraphFacts
