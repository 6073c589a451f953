"""Attention in plain Python, speaking to the benchmark by torch_peer.py's own loop: one right, one wrong, one that fails.

On the device "abacus" there are one that ends the process, one that rounds its inputs to float16, and one that does the
same and calls it float32.
"""

import array
import math
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import torch_peer


class Plain:
    def backends(self):
        names = {"cpu": ["peer", "wrong peer", "angry peer"], "abacus": ["dying peer", "peer float16", "boasting peer"]}
        offered = [
            {"name": name, "device": device, "dtype": "float16" if name == "peer float16" else "float32"}
            for device, all_of_it in names.items()
            for name in all_of_it
        ]
        return {"backends": offered, "about": "Plain Python", "why": "it has no such device"}

    def prepare(self, order):
        self.order = order
        self.tensors = {}
        for tensor in order["tensors"]:
            values = array.array("f")
            with open(tensor["file"], "rb") as stored:
                values.frombytes(stored.read())
            assert len(values) == math.prod(tensor["shape"])
            self.tensors[tensor["name"]] = (tensor["shape"], values)
        return {}

    def round(self):
        """All inputs as the nearest float16."""
        for name, (shape, values) in self.tensors.items():
            code = f"{len(values)}e"
            self.tensors[name] = (shape, array.array("f", struct.unpack(code, struct.pack(code, *values))))

    def product(self, rows, w):
        (inputs, outputs), values = self.tensors[w]
        columns = [values[j::outputs] for j in range(outputs)]
        return [[sum(a * b for a, b in zip(row, column)) for column in columns] for row in rows]

    def rows(self, name, batch):
        (_, seq, width), values = self.tensors[name]
        first = batch * seq * width
        return [values[first + i * width : first + (i + 1) * width] for i in range(seq)]

    def forward(self, order):
        backend = order["backend"]
        if backend == "dying peer":
            os._exit(1)
        if order["device"] == "abacus":
            self.round()
        shape, result = self.layer(backend)
        right = backend in ("peer", "peer float16", "boasting peer")
        self.store(shape, result if right else array.array("f", [0.0] * len(result)), order["file"])
        answer = {"seconds": 0.1, "shape": shape}
        return answer | {"workspace": 4096, "note": "beads are counted"} if backend == "peer float16" else answer

    def measure(self, order):
        return {"seconds": 0.1}

    def layer(self, backend):
        if backend == "angry peer":
            raise RuntimeError("no")
        shape = self.tensors["x"][0]
        result = array.array("f")
        for b in range(shape[0]):
            memory = "memory" if "memory" in self.tensors else "x"
            q, k, v = (self.product(self.rows(n, b), w) for n, w in (("x", "w_q"), (memory, "w_k"), (memory, "w_v")))
            merged = [[] for _ in q]
            for h in range(self.order["heads"]):
                self.attend(h, q, k, v, merged)
            for row in self.product(merged, "w_o"):
                result.extend(row)
        return shape, result

    def attend(self, h, q, k, v, merged):
        width = len(q[0]) // self.order["heads"]
        kv = h // (self.order["heads"] // self.order["kv_heads"]) * width
        for i, row in enumerate(q):
            seen = i + 1 + len(k) - len(q) if self.order["causal"] else len(k)
            query = row[h * width : (h + 1) * width]
            scores = [sum(a * b for a, b in zip(query, k[j][kv : kv + width])) / math.sqrt(width) for j in range(seen)]
            weights = [math.exp(s - max(scores)) for s in scores]
            for d in range(width):
                merged[i].append(sum(w * v[j][kv + d] for j, w in enumerate(weights)) / sum(weights))

    def store(self, shape, values, file):
        with open(file, "wb") as out:
            out.write(values.tobytes())


torch_peer.serve(Plain)
