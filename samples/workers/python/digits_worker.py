#!/usr/bin/env python3
"""Recognizes handwritten digits with PyTorch, as an external worker of ModelJobs.

The network is the one of samples/digits.onnx: its trained weights are read from that file. Connections are read from the environment,
so that no key stands in a list of processes; README.md has the commands.
"""

import argparse
import logging
import os
import signal
from pathlib import Path
from urllib.parse import urlparse

import onnx
import torch
from azure.servicebus import ServiceBusClient, parse_connection_string
from azure.storage.blob import BlobServiceClient
from onnx import numpy_helper
from torch import nn

from modeljobs_worker import ItemError, Storage, Worker

SAMPLES = Path(__file__).resolve().parents[2]
PIXELS = 28 * 28


class DigitNetwork(nn.Module):
    """pixels [N,1,28,28], 0 to 255 -> probabilities [N,10]. As trained, with each batch normalization folded into its convolution."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            *convolution(1, 16), *convolution(16, 16), nn.MaxPool2d(2),    # 14 x 14
            *convolution(16, 32), *convolution(32, 32), nn.MaxPool2d(2),   # 7 x 7
            *convolution(32, 48), nn.MaxPool2d(2))                         # 3 x 3
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(48 * 3 * 3, 64), nn.ReLU(), nn.Linear(64, 10), nn.Softmax(dim=1))

    def forward(self, pixels):
        return self.classifier(self.features(pixels / 255))


def convolution(channels_in, channels_out):
    return nn.Conv2d(channels_in, channels_out, 3, padding=1), nn.ReLU()


def load_network(path):
    """The network with the weights of an ONNX file: those of its layers, in their order."""
    graph = onnx.load(str(path)).graph
    weights = {tensor.name: torch.tensor(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    stored = [node.input[1:3] for node in graph.node if node.op_type in ("Conv", "Gemm")]
    network = DigitNetwork()
    layers = [layer for layer in network.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    for layer, (weight, bias) in zip(layers, stored, strict=True):
        layer.load_state_dict({"weight": weights[weight], "bias": weights[bias]})  # refuses another shape
    return network.eval()


def digits_model(network):
    """The model as a function from inputs, 784 numbers each, flat or in rows, to outputs."""

    def run(inputs):
        outcomes = [read_pixels(pixels) for pixels in inputs]
        good = [n for n, pixels in enumerate(outcomes) if not isinstance(pixels, ItemError)]
        if good:
            with torch.inference_mode():
                probabilities = network(torch.stack([outcomes[n] for n in good]))
            for n, row in zip(good, probabilities):
                outcomes[n] = {"digit": int(row.argmax()), "probabilities": row.tolist()}
        return outcomes

    return run


def read_pixels(pixels):
    try:
        tensor = torch.tensor(pixels, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError, OverflowError) as malformed:
        return ItemError("invalid_input", f"The input must be {PIXELS} numbers, flat or in rows: {malformed}")
    if tensor.numel() != PIXELS:
        return ItemError("invalid_input", f"The input must be {PIXELS} numbers, flat or in rows; it has {tensor.numel()}.")
    return tensor.reshape(1, 28, 28)


def service_bus(connection, ca_file):
    """Makes clients from a connection string, or from a host name, with the identity that the machine has."""
    if "Endpoint=" not in connection:
        from azure.identity import DefaultAzureCredential
        return lambda: ServiceBusClient(connection, DefaultAzureCredential())
    if not ca_file:
        return lambda: ServiceBusClient.from_connection_string(connection)
    # A Service Bus that signs its own certificate, such as that of `jobs serve`; this way the SDK takes its port too.
    host = urlparse(parse_connection_string(connection).endpoint)
    return lambda: ServiceBusClient.from_connection_string(
        connection, custom_endpoint_address=f"sb://{host.netloc}", connection_verify=ca_file)


def job_container(connection, name):
    if not connection:
        return None
    if connection.startswith("https://"):
        from azure.identity import DefaultAzureCredential
        return BlobServiceClient(connection, DefaultAzureCredential()).get_container_client(name)
    return BlobServiceClient.from_connection_string(connection).get_container_client(name)


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Recognizes handwritten digits with PyTorch, as an external worker of ModelJobs.",
        epilog="Connections come from the environment: MODELJOBS_SERVICE_BUS, a connection string or, to use the machine's identity, a "
               "host name; MODELJOBS_STORAGE, a connection string or the blob endpoint's address.")
    parser.add_argument("--queue", default="chunks-external", help="queue of chunks (default: %(default)s)")
    parser.add_argument("--container", default="modeljobs", help="blob container of the jobs (default: %(default)s)")
    parser.add_argument("--model", default="digits-torch", help="the model's name in the app's configuration (default: %(default)s)")
    parser.add_argument("--weights", type=Path, default=SAMPLES / "digits.onnx", help="the trained network (default: %(default)s)")
    parser.add_argument("--concurrency", type=int, default=2, help="chunks at a time (default: %(default)s)")
    parser.add_argument("--ca-file", help="certificate to trust, of a Service Bus that signs its own")
    arguments = parser.parse_args()
    if arguments.concurrency < 1:
        parser.error("--concurrency must be at least 1")
    try:
        arguments.connect = service_bus(os.environ["MODELJOBS_SERVICE_BUS"], arguments.ca_file)
        arguments.connect().close()  # connects to nothing yet
        arguments.jobs = job_container(os.environ.get("MODELJOBS_STORAGE"), arguments.container)
    except KeyError as missing:
        parser.error(f"set the environment variable {missing}")
    except ValueError as malformed:
        parser.error(f"MODELJOBS_SERVICE_BUS or MODELJOBS_STORAGE is malformed: {malformed}")
    return arguments


def main():
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for library in ("azure", "uamqp"):  # they would log every request
        logging.getLogger(library).setLevel(logging.ERROR)

    arguments = parse_arguments()
    torch.set_num_threads(1)  # chunks run side by side; each needs no more
    worker = Worker(
        arguments.connect,
        Storage(arguments.jobs),
        {arguments.model: digits_model(load_network(arguments.weights))},
        arguments.queue,
        arguments.concurrency)
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: worker.stop())
    if arguments.jobs is None:
        logging.warning("Without MODELJOBS_STORAGE: chunks and answers that are too large for a message will be refused, and their items fail")
    logging.info("Serving %s from %s, %d chunks at a time", arguments.model, arguments.queue, arguments.concurrency)
    worker.run()
    logging.info("Stopped")


if __name__ == "__main__":
    main()
