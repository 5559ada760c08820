"""A small U-net with fixed weights, made with the onnx library: what matters is not what it finds, but that it is the same."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save


def write_unet(path, *, channels=1, classes=2, tile=None, metadata=None, rank=3, batch="batch") -> None:
    """Two levels: convolve, halve by the maximum, convolve, double, join, convolve. It looks 7 voxels far."""
    rng = np.random.default_rng(11)
    weights, nodes = [], []

    def convolve(source, inputs, outputs, name):
        kernel = rng.normal(0, 1 / np.sqrt(inputs * 27), (outputs, inputs, *[3] * rank)).astype("f4")
        bias = rng.normal(0, 0.1, outputs).astype("f4")
        weights.extend([numpy_helper.from_array(kernel, f"{name}.w"), numpy_helper.from_array(bias, f"{name}.b")])
        fields = {"kernel_shape": [3] * rank, "pads": [1] * 2 * rank}
        nodes.append(helper.make_node("Conv", [source, f"{name}.w", f"{name}.b"], [name], **fields))
        return name

    def relu(source):
        nodes.append(helper.make_node("Relu", [source], [f"{source}+"]))
        return f"{source}+"

    top = relu(convolve("image", channels, 4, "a"))
    nodes.append(helper.make_node("MaxPool", [top], ["half"], kernel_shape=[2] * rank, strides=[2] * rank))
    low = relu(convolve("half", 4, 6, "b"))
    weights.append(numpy_helper.from_array(np.array([1, 1, *[2] * rank], "f4"), "twice"))
    fields = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    nodes.append(helper.make_node("Resize", [low, "", "twice"], ["up"], **fields))
    nodes.append(helper.make_node("Concat", [top, "up"], ["both"], axis=1))
    convolve("both", 10, classes, "out")
    sizes = list(tile or ["z", "y", "x"][:rank])
    given = helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, channels, *sizes])
    made = helper.make_tensor_value_info("out", TensorProto.FLOAT, [batch, classes, *sizes])
    graph = helper.make_graph(nodes, "unet", [given], [made], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {name: str(value) for name, value in (metadata or {}).items()})
    save(model, str(path))
