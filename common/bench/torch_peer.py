"""PyTorch's attention as a peer of the benchmark: answers lines of JSON on standard input.

    torch_peer.py THREADS [GPU]

GPU is the torch device that the backends of device "cuda" run on: "cuda", if there is one. With "cpu" all that is
written for a GPU runs on a machine without one, except its clock.

    {"do": "backends"}    -> {"backends": [{"name": "torch math", "device": "cuda", "dtype": "float32"}, ...],
                              "about": "version 2.11.0", "why": "it sees no CUDA device"}
    {"do": "prepare", "projections": "separate", ...}                         -> {}
    {"do": "forward", "backend": "...", "device": "cuda", "file": "..."}      -> {"seconds": 0.1, "shape": [4, 1024, 512]}
    {"do": "measure", "backend": "...", "device": "cuda"}                     -> {"seconds": 0.1}

An answer to "forward" may also have "workspace", the bytes of device memory that the run took beyond its arguments and
its result, and "note", a sentence about how the row was made. Tensors come and go as files of float32 in row-major
order. An answer with "error" says what went wrong; with "fatal", this process can be of no further use.
"""

import contextlib
import json
import math
import os
import sys
import time
import warnings

# What runs on a GPU: the kernel that torch is restricted to (none: products and softmax written out), and its type.
# The flash and the cuDNN kernel take 16-bit types only. float16 is nearer to float32 than bfloat16 is.
ON_GPU = {
    "torch matmul": (None, "float32"),
    "torch math": ("MATH", "float32"),
    "torch efficient": ("EFFICIENT_ATTENTION", "float32"),
    "torch flash float16": ("FLASH_ATTENTION", "float16"),
    "torch cudnn float16": ("CUDNN_ATTENTION", "float16"),
}
# On a CPU torch has one fused kernel, which it takes if it is left to choose.
ON_CPU = {"torch matmul": (None, "float32"), "torch sdpa": ("", "float32"), "torch sdpa math": ("MATH", "float32")}

COPIES = "K and V are copied for each query head in every run, because this kernel takes as many KV heads as query heads"
CACHES = 256 << 20  # bytes, more than any GPU's L2 cache


class WallClock:
    """The time of a run on the CPU."""

    def seconds(self, run):
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    def first(self, run):
        """Result, seconds, and workspace: not known."""
        start = time.perf_counter()
        result = run()
        return result, time.perf_counter() - start, None


class EventClock:
    """The time of a run on the GPU's current stream, by CUDA events, after everything in the L2 cache was overwritten."""

    def __init__(self, torch):
        self.cuda = torch.cuda
        self.caches = torch.empty(CACHES, dtype=torch.int8, device="cuda")

    def seconds(self, run):
        run()  # loads kernels, and takes the memory that torch keeps
        before, after = (self.cuda.Event(enable_timing=True) for _ in range(2))
        self.caches.zero_()
        before.record()
        run()
        after.record()
        after.synchronize()
        return 1e-3 * before.elapsed_time(after)

    def first(self, run):
        """Result, seconds, and the bytes that were alive beside arguments and result at the run's fullest."""
        run()
        self.cuda.synchronize()
        self.cuda.reset_peak_memory_stats()
        before = self.cuda.memory_allocated()
        result = run()
        self.cuda.synchronize()
        workspace = self.cuda.max_memory_allocated() - before - result.numel() * result.element_size()
        return result, self.seconds(run), workspace


class Torch:
    """Layers by torch, with the same inputs and weights as everybody else."""

    def __init__(self):
        # A BLAS reads these once, when it is loaded, and does not ask torch.set_num_threads.
        for library in ("OPENBLAS", "MKL", "OMP"):
            os.environ[f"{library}_NUM_THREADS"] = sys.argv[1]
        import torch

        self.torch = torch
        self.functional = torch.nn.functional
        self.attention = getattr(torch.nn, "attention", None)  # from 2.3 on
        self.gpu = sys.argv[2] if len(sys.argv) > 2 else "cuda" if torch.cuda.is_available() else None
        self.clocks = {"cpu": WallClock()}
        with warnings.catch_warnings():  # of 2.9 and later: these settings have other names, too
            warnings.simplefilter("ignore")
            # float32 is float32, and sums of float16 are float32.
            torch.backends.cuda.matmul.allow_tf32 = False
            torch.set_float32_matmul_precision("highest")
            torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False

    def backends(self):
        torch = self.torch
        answer = {"backends": [], "about": f"version {torch.__version__} ({sys.executable})"}
        offered = [("cpu", ON_CPU)]
        if self.gpu is None:
            answer["why"] = f"{answer['about']} sees no CUDA device"
        else:
            offered.append(("cuda", ON_GPU))
        if self.gpu == "cuda":
            answer["about"] += f", CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"
        for device, table in offered:
            for name, (kernel, dtype) in table.items():
                if self.has(kernel, device):
                    answer["backends"].append({"name": name, "device": device, "dtype": dtype})
        return answer

    def has(self, kernel, device):
        if kernel is None:
            return True
        if not hasattr(self.functional, "scaled_dot_product_attention"):
            return False
        if device == "cpu":  # "torch sdpa math" is then what torch itself takes
            return True
        return self.attention is not None and hasattr(self.attention.SDPBackend, kernel)

    def prepare(self, order):
        self.order = order
        self.torch.set_num_threads(order["threads"])
        self.tensors, self.placed, self.masks, self.copied = {}, {}, {}, set()
        for tensor in order["tensors"]:
            size = math.prod(tensor["shape"])
            stored = self.torch.from_file(tensor["file"], size=size, dtype=self.torch.float32)
            self.tensors[tensor["name"]] = stored.clone().reshape(tensor["shape"])
        return {}

    def place(self, device, dtype):
        """The tensors there and in that type; copied once for each, and never within a run's time."""
        if (device, dtype) not in self.placed:
            where = self.gpu if device == "cuda" else device
            kind = getattr(self.torch, dtype)
            self.placed[device, dtype] = {name: t.to(where, kind) for name, t in self.tensors.items()}
        return self.placed[device, dtype]

    def causal_masks(self, device):
        """What a query sees, and what it does not: it sees the keys up to its own place, counted from the end. torch's
        is_causal counts from the start."""
        if device not in self.masks:
            t = self.tensors
            q, k = (t["q"], t["k"]) if "q" in t else (t["x"], t.get("memory", t["x"]))
            q_len, kv_len = q.shape[-2], k.shape[-2]
            ones = self.torch.ones(q_len, kv_len, dtype=self.torch.bool, device=self.gpu if device == "cuda" else device)
            seen = ones.tril(kv_len - q_len)
            self.masks[device] = seen, ~seen
        return self.masks[device]

    def heads(self, x, heads):
        return x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)

    def inputs(self, t):
        order = self.order
        if order["projections"] == "none":
            return t["q"], t["k"], t["v"]
        memory = t.get("memory", t["x"])
        return (
            self.heads(t["x"] @ t["w_q"], order["heads"]),
            self.heads(memory @ t["w_k"], order["kv_heads"]),
            self.heads(memory @ t["w_v"], order["kv_heads"]),
        )

    def attend(self, kernel, masks, copied, q, k, v):
        torch = self.torch
        seen, hidden = masks
        n_rep = q.shape[1] // k.shape[1]
        grouped = {}
        if n_rep > 1 and copied:
            k, v = k.repeat_interleave(n_rep, dim=1), v.repeat_interleave(n_rep, dim=1)
        elif n_rep > 1:
            grouped = {"enable_gqa": True}
        causal = self.order["causal"] and q.shape[2] > 1  # a single query sees every key
        if kernel is None:
            scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
            if causal:
                scores = scores.masked_fill(hidden, -math.inf)
            return torch.softmax(scores, dim=-1) @ v
        square = q.shape[2] == k.shape[2]
        with self.restricted_to(kernel):
            return self.functional.scaled_dot_product_attention(
                q, k, v, seen if causal and not square else None, is_causal=causal and square, **grouped
            )

    def restricted_to(self, kernel):
        if kernel == "" or self.attention is None:  # what torch prefers
            return contextlib.nullcontext()
        return self.attention.sdpa_kernel(getattr(self.attention.SDPBackend, kernel))

    def run_of(self, order):
        """The layer as a function without arguments, and where it runs."""
        device = order["device"]
        kernel, dtype = (ON_GPU if device == "cuda" else ON_CPU)[order["backend"]]
        tensors, masks = self.place(device, dtype), self.causal_masks(device)

        def run():
            copied = kernel is None or device == "cpu" or order["backend"] in self.copied
            with self.torch.inference_mode():
                attended = self.attend(kernel, masks, copied, *self.inputs(tensors))
                if self.order["projections"] == "none":
                    return attended
                merged = attended.transpose(1, 2).reshape(attended.shape[0], attended.shape[2], -1)
                return merged @ tensors["w_o"]

        return run, device if self.gpu == "cuda" else "cpu"

    def clock(self, where):
        if where not in self.clocks:
            self.clocks[where] = EventClock(self.torch)
        return self.clocks[where]

    def forward(self, order):
        run, where = self.run_of(order)
        kernel = (ON_GPU if order["device"] == "cuda" else ON_CPU)[order["backend"]][0]
        answer = {}
        grouped = self.order["heads"] != self.order["kv_heads"]
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            if grouped and (kernel is None or order["device"] == "cpu"):
                answer["note"] = COPIES
            elif grouped:
                try:
                    run()
                except (RuntimeError, TypeError):  # no such kernel; before torch 2.5, no such argument
                    self.copied.add(order["backend"])
                    answer["note"] = COPIES
                    told.clear()
            try:
                result, answer["seconds"], workspace = self.clock(where).first(run)
            except RuntimeError as problem:
                raise self.explained(problem, kernel, told) from problem
        if workspace is not None:
            answer["workspace"] = workspace
        answer["shape"] = self.store(result, order["file"])
        return answer

    def measure(self, order):
        run, where = self.run_of(order)
        return {"seconds": self.clock(where).seconds(run)}

    def explained(self, problem, kernel, told):
        """torch tells why it refuses each kernel in warnings; those of this kernel belong to the row."""
        headings = {"FLASH_ATTENTION": "flash", "CUDNN_ATTENTION": "cudnn", "EFFICIENT_ATTENTION": "memory efficient"}
        reasons, ours = [], False
        for warning in told:
            text = str(warning.message).split(" (Triggered internally")[0]
            if "not used because" in text:
                ours = text.lower().startswith(headings.get(kernel, "none"))
            elif ours:
                reasons.append(text)
        return type(problem)(" ".join([str(problem).splitlines()[0], *reasons])) if reasons else problem

    def store(self, result, file):
        stored = self.torch.from_file(file, shared=True, size=result.numel(), dtype=self.torch.float32)
        stored.copy_(result.reshape(-1))
        return list(result.shape)


def answer(engine, order):
    if order["do"] == "backends":
        return engine.backends()
    return {"prepare": engine.prepare, "forward": engine.forward, "measure": engine.measure}[order["do"]](order)


def serve(make_engine):
    """Answers until standard input ends."""
    engine = None
    try:
        engine = make_engine()
    except Exception as missing:  # an ImportError, or a library that torch needs
        why = f"{missing} ({sys.executable})"
    for line in sys.stdin:
        try:
            reply = {"backends": [], "why": why} if engine is None else answer(engine, json.loads(line))
        except Exception as problem:  # whatever it is, it is this case's row
            reply = {"error": f"{type(problem).__name__}: {' '.join(str(problem).split())}"}
            if "CUDA error" in str(problem):  # nothing works in this process from now on
                reply["fatal"] = True
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    serve(Torch)
