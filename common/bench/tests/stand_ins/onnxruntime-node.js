// Stands in for ONNX Runtime: reads a model by the numbers of its fields, and computes its nodes with plain loops.
// It accepts nothing else than what onnx_peer.js writes for a layer on two threads.
"use strict";

const assert = require("assert");
const fs = require("fs");
const path = require("path");

/// The fields of a message: lists of numbers, and of bytes that may be messages themselves.
function fields(message) {
  const found = {};
  let at = 0;
  const varint = () => {
    for (let value = 0, unit = 1;; unit *= 128) {
      const byte = message[at++];
      value += byte % 128 * unit;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = varint(), number = varint();
    assert([0, 2].includes(key % 8), "a varint, or bytes");
    if (key % 8 === 2) at += number;
    assert(at <= message.length, "a message that ends where it says");
    (found[key >> 3] ??= []).push(key % 8 === 2 ? message.subarray(at - number, at) : number);
  }
  return found;
}
const text = bytes => bytes.toString();

/// [batch, seq, heads * head_dim], or with four dimensions [batch, heads, seq, head_dim]: the place of an element.
function place({dims}, heads) {
  if (dims.length === 4) return (b, h, i, d) => ((b * heads + h) * dims[2] + i) * dims[3] + d;
  return (b, h, i, d) => ((b * dims[1] + i) * heads + h) * (dims[2] / heads) + d;
}

function attention(q, k, v, heads, kv_heads, causal) {
  const [batch, seq, width] = q.dims, kv_seq = k.dims[k.dims.length - 2], head_dim = width / heads;
  assert.deepStrictEqual(k.dims, v.dims);
  const in_q = place(q, heads), in_kv = place(k, kv_heads), data = new Float32Array(q.data.length);
  for (let b = 0; b < batch; ++b)
    for (let h = 0; h < heads; ++h)
      for (let i = 0; i < seq; ++i) {
        const kv = Math.floor(h / (heads / kv_heads));
        const dot = j => {
          let sum = 0;
          for (let d = 0; d < head_dim; ++d) sum += q.data[in_q(b, h, i, d)] * k.data[in_kv(b, kv, j, d)];
          return Math.exp(sum / Math.sqrt(head_dim));
        };
        const weights = Array.from({length: causal ? i + 1 : kv_seq}, (_, j) => dot(j));
        const total = weights.reduce((sum, weight) => sum + weight);
        for (let d = 0; d < head_dim; ++d)
          data[in_q(b, h, i, d)] =
            weights.reduce((sum, weight, j) => sum + weight * v.data[in_kv(b, kv, j, d)], 0) / total;
      }
  return {dims: q.dims, data};
}

const OPERATORS = {
  MatMul([a, b]) {
    const [inner, columns] = b.dims, rows = a.data.length / inner, data = new Float32Array(rows * columns);
    for (let i = 0; i < rows; ++i)
      for (let j = 0; j < columns; ++j)
        for (let l = 0; l < inner; ++l) data[i * columns + j] += a.data[i * inner + l] * b.data[l * columns + j];
    return {dims: [...a.dims.slice(0, -1), columns], data};
  },
  MultiHeadAttention: ([q, k, v], {num_heads}) => attention(q, k, v, num_heads, num_heads, false),
  GroupQueryAttention([q, k, v, past_k, past_v, last_keys, total], {num_heads, kv_num_heads}) {
    const [batch, seq] = q.dims;
    assert(!past_k && !past_v);
    assert.deepStrictEqual([last_keys.dims, [...last_keys.data]], [[batch], Array(batch).fill(seq - 1)]);
    assert.deepStrictEqual([total.dims, [...total.data]], [[], [seq]]);
    return attention(q, k, v, num_heads, kv_num_heads, true);
  },
};

function weight(message, folder) {
  const {1: dims, 2: [type], 8: [name], 13: [entry], 14: [external]} = fields(message);
  const {1: [key], 2: [file]} = fields(entry);
  assert.deepStrictEqual([type, external, text(key)], [1, 1, "location"]);
  const {buffer} = Uint8Array.from(fs.readFileSync(path.join(folder, text(file))));
  return [text(name), {dims, data: new Float32Array(buffer)}];
}

class InferenceSession {
  static async create(model, {intraOpNumThreads, interOpNumThreads, extra: {session}}) {
    assert.deepStrictEqual([intraOpNumThreads, interOpNumThreads], [2, 1], "as many threads as the layer has");
    const {1: [version], 7: [graph], 8: sets} = fields(model);
    assert(version > 0);
    assert.deepStrictEqual(sets.map(set => text(fields(set)[1][0])), ["", "com.microsoft"]);
    const {1: nodes, 2: [name], 5: weights = [], 11: inputs, 12: outputs} = fields(graph);
    assert(name.length > 0);
    const created = new InferenceSession();
    created.nodes = nodes.map(fields);
    created.weights = Object.fromEntries(
      weights.map(one => weight(one, session.model_external_initializers_file_folder_path)));
    [created.inputs, created.outputs] = [inputs, outputs].map(values => values.map(value => {
      const {1: [name], 2: [type]} = fields(value);
      return [text(name), fields(fields(type)[1][0])[1][0]];
    }));
    return created;
  }

  async run(feeds) {
    const known = {...this.weights, ...feeds};
    const types = Object.entries(feeds).map(([name, {type}]) => [name, type === "int32" ? 6 : 1]);
    assert.deepStrictEqual(this.inputs, types);
    for (const {1: inputs, 2: outputs, 4: [operator], 5: attributes = [], 7: [domain]} of this.nodes) {
      assert.strictEqual(text(domain), text(operator) === "MatMul" ? "" : "com.microsoft");
      const settings = Object.fromEntries(attributes.map(fields).map(({1: [name], 3: [value], 20: [type]}) => {
        assert.strictEqual(type, 2);
        return [text(name), value];
      }));
      known[text(outputs[0])] = OPERATORS[text(operator)](inputs.map(name => known[text(name)]), settings);
    }
    return Object.fromEntries(this.outputs.map(([name]) => [name, known[name]]));
  }

  async release() {}
}

class Tensor {
  constructor(type, data, dims) {
    assert.strictEqual(data.length, dims.reduce((product, extent) => product * extent, 1));
    Object.assign(this, {type, data, dims});
  }
}

module.exports = {InferenceSession, Tensor, env: {versions: {node: "of the stand-in"}}};
