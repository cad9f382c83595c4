"""Graphs by TensorFlow 2.21 (the project's own Python environment) -> recorded/graphs/ and recorded/graphs.json.

  graphs/frozen.pb      a convolution 3x3 with bias and ReLU, its mean over pixels, and a matrix: variables as constants, functions inlined
  graphs/saved/         the same as a SavedModel, with an unused file op in its functions for saving, as every SavedModel has
  graphs/bytes.pb       uint8 images to their `mean` per channel
  graphs/decoded.pb     the same, from the bytes of a PNG file: the tensor "images" lies behind the decoding
  graphs/read.pb, python.pb, call.pb    an image network that also reads a file, runs Python, or calls a function that writes a file
  graphs.json           images [5, 6, 6, 3], and the network's output [5, 4] by NumPy alone

    .venv/bin/python test/reference/graphs.py
"""

import pathlib
import shutil

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from recording import numbers, save

FOLDER = pathlib.Path(__file__).parent / "recorded" / "graphs"
shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
rng = np.random.default_rng(4)
kernel, bias, matrix = (rng.normal(size=shape).astype(np.float32) for shape in ((3, 3, 3, 8), (8,), (8, 4)))
images = np.array(numbers(rng.uniform(-1, 1, (5, 6, 6, 3)), 6)).reshape(5, 6, 6, 3)


class Network(tf.Module):
    def __init__(self):
        super().__init__()
        self.kernel, self.bias, self.matrix = (tf.Variable(value) for value in (kernel, bias, matrix))

    @tf.function(input_signature=[tf.TensorSpec([None, 6, 6, 3], tf.float32, name="images")])
    def __call__(self, images):
        hidden = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(images, self.kernel, 1, "VALID"), self.bias))
        return tf.matmul(tf.reduce_mean(hidden, [1, 2]), self.matrix)


def write(name, graph):
    (FOLDER / name).write_bytes(graph.as_graph_def().SerializeToString())


network = Network()
frozen = convert_variables_to_constants_v2(network.__call__.get_concrete_function())
write("frozen.pb", frozen.graph)
tf.saved_model.save(network, str(FOLDER / "saved"))

with tf.Graph().as_default() as graph:
    decoded = tf.io.decode_png(tf.compat.v1.placeholder(tf.string, [], name="png"), channels=3)
    batch = tf.identity(tf.expand_dims(decoded, 0), name="images")
    tf.reduce_mean(tf.cast(batch, tf.float32), [1, 2], name="mean")
write("decoded.pb", graph)

with tf.Graph().as_default() as graph:
    given = tf.compat.v1.placeholder(tf.uint8, [None, None, None, 3], name="images")
    tf.reduce_mean(tf.cast(given, tf.float32), [1, 2], name="mean")
write("bytes.pb", graph)


def evil(name, make):
    with tf.Graph().as_default() as graph:
        given = tf.compat.v1.placeholder(tf.float32, [None, 6, 6, 3], name="images")
        tf.identity(make(tf.reduce_mean(given, [1, 2])), name="features")
    write(name, graph)


def reading(x):
    return x + tf.cast(tf.strings.length(tf.io.read_file("/etc/hostname")), tf.float32)


@tf.function(autograph=False)
def writing(x):
    with tf.control_dependencies([tf.io.write_file("/tmp/written-by-a-graph", "evil")]):
        return tf.identity(x)


evil("read.pb", reading)
evil("python.pb", lambda x: tf.numpy_function(lambda y: y, [x], tf.float32))
evil("call.pb", writing)

windows = np.lib.stride_tricks.sliding_window_view(images.astype(np.float32), (3, 3), axis=(1, 2))  # [5, 4, 4, C, 3, 3]
hidden = np.maximum(np.einsum("nyxcij,ijco->nyxo", windows, kernel) + bias, 0)
save("graphs", {"images": numbers(images, 6), "output": numbers(hidden.mean((1, 2)) @ matrix)})
