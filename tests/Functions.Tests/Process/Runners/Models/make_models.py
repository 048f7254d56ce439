#!/usr/bin/env python3
"""Makes the tiny models that OnnxRunnerTests runs beside samples/digits.onnx. They compute; nothing is trained.

    python3 make_models.py        # PyTorch 1.13: python3-torch of Debian 12
"""

from pathlib import Path

import torch
from torch import nn

HERE = Path(__file__).parent
OPSET = 14


class MaskedSum(nn.Module):
    """Two inputs: values [N,3] double, use [N,3] bool -> total [N] double, added [N,3] bool (used and positive)."""

    def forward(self, values, use):
        return torch.where(use, values, torch.zeros_like(values)).sum(dim=1), use & (values > 0)


class Doubled(nn.Module):
    """A dimension that the item decides: tokens [N,length] int64 -> doubled [N,length] int64."""

    def forward(self, tokens):
        return tokens * 2


class Lookup(nn.Module):
    """Fails at run time for an index outside 0 to 3: index [N,1] int32 -> row [N,2] float."""

    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.arange(8, dtype=torch.float32).reshape(4, 2))

    def forward(self, index):
        return torch.index_select(self.table, 0, index.squeeze(1).long())


class Reciprocal(nn.Module):
    """Not finite at 0, and its batch is fixed to 1: x [1,2] uint8 -> y [1,2] float."""

    def forward(self, x):
        return (x.float() - 1) / x.float()


class Mean(nn.Module):
    """An output that is not one per item: x [N,2] float -> mean [] float."""

    def forward(self, x):
        return x.mean()


def export(name, model, example, inputs, outputs, dynamic):
    torch.onnx.export(model.eval(), example, str(HERE / f"{name}.onnx"), opset_version=OPSET,
                      input_names=inputs, output_names=outputs, dynamic_axes=dynamic)


batch = {0: "N"}
export("masked-sum", MaskedSum(), (torch.zeros(2, 3, dtype=torch.double), torch.zeros(2, 3, dtype=torch.bool)),
       ["values", "use"], ["total", "added"], {"values": batch, "use": batch, "total": batch, "added": batch})
export("doubled", Doubled(), torch.zeros(2, 3, dtype=torch.long), ["tokens"], ["doubled"],
       {"tokens": {0: "N", 1: "length"}, "doubled": {0: "N", 1: "length"}})
export("lookup", Lookup(), torch.zeros(2, 1, dtype=torch.int32), ["index"], ["row"], {"index": batch, "row": batch})
export("reciprocal", Reciprocal(), torch.ones(1, 2, dtype=torch.uint8), ["x"], ["y"], {})
export("mean", Mean(), torch.ones(2, 2), ["x"], ["mean"], {"x": batch})
