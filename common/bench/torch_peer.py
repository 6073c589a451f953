"""PyTorch's attention as a peer of the benchmark: answers lines of JSON on standard input.

    torch_peer.py THREADS

    {"do": "backends"}                                      -> {"backends": ["torch flash", ...], "why": "..."}
    {"do": "prepare", "projections": "separate", ...}       -> {}
    {"do": "forward", "backend": "...", "file": "..."}      -> {"seconds": 0.1, "shape": [4, 1024, 512]}
    {"do": "measure", "backend": "..."}                     -> {"seconds": 0.1}

Tensors come and go as files of float32 in row-major order. An answer with "error" says what went wrong.
"""

import contextlib
import json
import math
import os
import sys
import time


class Torch:
    """Layers by torch, with the same inputs and weights as everybody else."""

    def __init__(self):
        # A BLAS reads these once, when it is loaded, and does not ask torch.set_num_threads.
        for library in ("OPENBLAS", "MKL", "OMP"):
            os.environ[f"{library}_NUM_THREADS"] = sys.argv[1]
        import torch

        self.torch = torch
        self.functional = torch.nn.functional

    def backends(self):
        if not hasattr(self.functional, "scaled_dot_product_attention"):
            return ["torch matmul"]
        return ["torch matmul", "torch sdpa", "torch sdpa math"]

    def prepare(self, order):
        self.order = order
        self.torch.set_num_threads(order["threads"])
        self.tensors = {}
        for tensor in order["tensors"]:
            size = math.prod(tensor["shape"])
            stored = self.torch.from_file(tensor["file"], size=size, dtype=self.torch.float32)
            self.tensors[tensor["name"]] = stored.clone().reshape(tensor["shape"])

    def heads(self, x, heads):
        return x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)

    def inputs(self):
        order, t = self.order, self.tensors
        if order["projections"] == "none":
            return t["q"], t["k"], t["v"]
        memory = t.get("memory", t["x"])
        return (
            self.heads(t["x"] @ t["w_q"], order["heads"]),
            self.heads(memory @ t["w_k"], order["kv_heads"]),
            self.heads(memory @ t["w_v"], order["kv_heads"]),
        )

    def causal_mask(self, q_len, kv_len):
        """Aligned at the end; torch's own is_causal is aligned at the start."""
        return self.torch.ones(q_len, kv_len, dtype=self.torch.bool).tril(kv_len - q_len)

    def attend(self, backend, q, k, v):
        torch, causal = self.torch, self.order["causal"]
        n_rep = q.shape[1] // k.shape[1]
        if n_rep > 1:
            k, v = k.repeat_interleave(n_rep, dim=1), v.repeat_interleave(n_rep, dim=1)
        square = q.shape[2] == k.shape[2]
        if backend == "torch matmul":
            scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
            if causal:
                scores = scores.masked_fill(~self.causal_mask(q.shape[2], k.shape[2]), -math.inf)
            return torch.softmax(scores, dim=-1) @ v
        mask = self.causal_mask(q.shape[2], k.shape[2]) if causal and not square else None
        with self.kernel(backend):
            return self.functional.scaled_dot_product_attention(q, k, v, mask, is_causal=causal and square)

    def kernel(self, backend):
        """Restricts torch to one kernel; plain "torch sdpa" takes what torch prefers."""
        attention = getattr(self.torch.nn, "attention", None)
        if backend == "torch sdpa" or attention is None:
            return contextlib.nullcontext()
        return attention.sdpa_kernel(attention.SDPBackend.MATH)

    def forward(self, backend):
        with self.torch.inference_mode():
            attended = self.attend(backend, *self.inputs())
            if self.order["projections"] == "none":
                return attended
            merged = attended.transpose(1, 2).reshape(attended.shape[0], attended.shape[2], -1)
            return merged @ self.tensors["w_o"]

    def store(self, result, file):
        stored = self.torch.from_file(file, shared=True, size=result.numel(), dtype=self.torch.float32)
        stored.copy_(result.reshape(-1))
        return list(result.shape)


def answer(engine, order):
    if order["do"] == "backends":
        return {"backends": engine.backends()}
    if order["do"] == "prepare":
        engine.prepare(order)
        return {}
    start = time.perf_counter()
    result = engine.forward(order["backend"])
    seconds = time.perf_counter() - start
    if order["do"] == "measure":
        return {"seconds": seconds}
    return {"seconds": seconds, "shape": engine.store(result, order["file"])}


def serve(make_engine):
    """Answers until standard input ends."""
    try:
        engine = make_engine()
    except ImportError as missing:
        engine = None
        why = f"{missing} ({sys.executable})"
    for line in sys.stdin:
        try:
            reply = {"backends": [], "why": why} if engine is None else answer(engine, json.loads(line))
        except Exception as problem:  # whatever it is, it is this case's row
            reply = {"error": f"{type(problem).__name__}: {problem}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    serve(Torch)
