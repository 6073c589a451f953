// ONNX Runtime's attention as a peer of the benchmark: answers lines of JSON on standard input, as torch_peer.py does.
//
//     node onnx_peer.js
//
//     node onnx_peer.js --about    prints the version of ONNX Runtime, or fails and prints why there is none
//
// A model is a message of ONNX, which prepare() makes in memory. Weights stay in the files in which they come. Inputs
// are laid out as the operator wants them before the clock starts, and results are brought back after it has stopped.
"use strict";

const fs = require("fs");
const path = require("path");
const readline = require("readline");
const {execFileSync} = require("child_process");

const PACKAGE = "onnxruntime-node";

// Protocol Buffers, and of ONNX the messages of a small model, by the numbers that onnx.proto gives their fields.

const FLOAT = 1, INT32 = 6; // TensorProto.DataType
const MICROSOFT = "com.microsoft";

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return Buffer.from([...bytes, value]);
}
const message = (...fields) => Buffer.concat(fields.flat());
const int = (field, value) => message(varint(field * 8), varint(value));
function bytes(field, content) { // text, or a message
  const data = Buffer.from(content);
  return message(varint(field * 8 + 2), varint(data.length), data);
}

const attribute = ([name, value]) => message(bytes(1, name), int(3, value), int(20, 2)); // of type INT
const node = (domain, operator, inputs, outputs, attributes = {}) =>
  message(inputs.map(name => bytes(1, name)), outputs.map(name => bytes(2, name)), bytes(4, operator),
    Object.entries(attributes).map(one => bytes(5, attribute(one))), bytes(7, domain));
const value = (name, type) => message(bytes(1, name), bytes(2, bytes(1, int(1, type)))); // of any shape
const weight = ({name, shape, file}) => // whose elements are the file's
  message(shape.map(extent => int(1, extent)), int(2, FLOAT), bytes(8, name),
    bytes(13, message(bytes(1, "location"), bytes(2, path.basename(file)))), int(14, 1));
const operators = (domain, version) => message(bytes(1, domain), int(2, version));
const model = ({nodes, weights, inputs, output}) => {
  const graph = message(nodes.map(one => bytes(1, one)), bytes(2, "layer"), weights.map(one => bytes(5, weight(one))),
    Object.entries(inputs).map(([name, {type}]) => bytes(11, value(name, type))), bytes(12, value(output, FLOAT)));
  return message(int(1, 8), bytes(7, graph), bytes(8, operators("", 13)), bytes(8, operators(MICROSOFT, 1)));
};

// Layers

/// Row-major [outer, a, b, width] as [outer, b, a, width].
function swapped(values, outer, a, b, width) {
  const result = new Float32Array(values.length);
  for (let o = 0, from = 0; o < outer; ++o)
    for (let i = 0; i < a; ++i)
      for (let j = 0; j < b; ++j, from += width)
        result.set(values.subarray(from, from + width), ((o * b + j) * a + i) * width);
  return result;
}

function read({file, shape}) {
  const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  const stored = fs.openSync(file);
  if (fs.readSync(stored, values) !== values.byteLength) throw new Error(`${file} is shorter than its shape`);
  fs.closeSync(stored);
  return values;
}

const float = (values, ...dims) => ({type: FLOAT, values, dims});
const int32 = (values, ...dims) => ({type: INT32, values, dims});

/// Causal attention of rows of all heads, [batch, seq, heads * head_dim].
function groupQuery({heads, kv_heads}, batch, seq, kv_seq) {
  if (seq !== kv_seq) throw new Error(`expected as many keys as queries, or one query; found ${kv_seq} for ${seq}`);
  return {
    node: node(MICROSOFT, "GroupQueryAttention", ["q", "k", "v", "", "", "last_keys", "total"],
      ["attended", "present_k", "present_v"], {num_heads: heads, kv_num_heads: kv_heads}),
    inputs: {last_keys: int32(new Int32Array(batch).fill(seq - 1), batch), total: int32(Int32Array.of(seq))},
    note: "GroupQueryAttention, which copies K and V to the cache that it returns; the copies are part of the time",
  };
}

const ONE_HEAD = ", for which the query heads that share a KV head are queries of one head";
const multiHead = heads =>
  node(MICROSOFT, "MultiHeadAttention", ["q", "k", "v"], ["attended"], {num_heads: heads});

/// q, k and v are given, as [batch, heads, seq, head_dim].
function attentionAlone(order, {q, k, v}) {
  const [batch, heads, seq, head_dim] = q.shape, [, kv_heads, kv_seq] = k.shape;
  const shape = q.shape;
  if (order.causal && seq > 1) {
    const rows = tensor => {
      const [, n, length] = tensor.shape;
      return float(swapped(read(tensor), batch, n, length, head_dim), batch, length, n * head_dim);
    };
    const {node, inputs, note} = groupQuery(order, batch, seq, kv_seq);
    return {nodes: [node], weights: [], output: "attended", shape, note,
      inputs: {q: rows(q), k: rows(k), v: rows(v), ...inputs},
      back: values => swapped(values, batch, seq, heads, head_dim)};
  }
  // Without a mask, the query heads that share a KV head are more queries of one head, and all groups are a batch. With
  // four dimensions K and V are not copied, but the operator does not take its tiled kernel, which one query can miss.
  const groups = batch * kv_heads;
  const keys = tensor => float(read(tensor), groups, ...(seq === 1 ? [1] : []), kv_seq, head_dim);
  return {nodes: [multiHead(1)], weights: [], output: "attended", shape,
    note: "MultiHeadAttention" + (heads > kv_heads ? ONE_HEAD : ""),
    inputs: {q: float(read(q), groups, heads / kv_heads * seq, head_dim), k: keys(k), v: keys(v)},
    back: values => values};
}

/// A whole layer: products give rows of all heads.
function wholeLayer(order, {x, memory, ...weights}) {
  const [batch, seq] = x.shape, kv_seq = (memory || x).shape[1], from = memory ? "memory" : "x";
  const product = (a, b, result) => node("", "MatMul", [a, b], [result]);
  const causal = order.causal && seq > 1;
  if (!causal && order.heads !== order.kv_heads) throw new Error("expected as many KV heads as heads without a mask");
  const {node: attention, inputs, note} = causal ? groupQuery(order, batch, seq, kv_seq)
    : {node: multiHead(order.heads), inputs: {}, note: "MultiHeadAttention"};
  const given = Object.entries(memory ? {x, memory} : {x}).map(([name, tensor]) =>
    [name, float(read(tensor), ...tensor.shape)]);
  return {
    nodes: [product("x", "w_q", "q"), product(from, "w_k", "k"), product(from, "w_v", "v"), attention,
      product("attended", "w_o", "result")],
    weights: Object.values(weights),
    inputs: {...Object.fromEntries(given), ...inputs},
    output: "result", note, shape: x.shape, back: values => values,
  };
}

class OnnxRuntime {
  constructor() {
    const file = find();
    this.ort = require(file);
    this.about = `version ${this.ort.env.versions.node} (${path.dirname(file).split(`${path.sep}${PACKAGE}`)[0]})`;
  }

  backends() {
    return {backends: [{name: "onnxruntime", device: "cpu", dtype: "float32"}], about: this.about};
  }

  async prepare(order) {
    const before = this.session;
    this.session = null;
    if (before) await before.release();
    const tensors = Object.fromEntries(order.tensors.map(tensor => [tensor.name, tensor]));
    this.layer = (order.projections === "none" ? attentionAlone : wholeLayer)(order, tensors);
    this.session = await this.ort.InferenceSession.create(model(this.layer), {
      intraOpNumThreads: order.threads, interOpNumThreads: 1, graphOptimizationLevel: "all", logSeverityLevel: 3,
      extra: {session: {
        model_external_initializers_file_folder_path: path.dirname(order.tensors[0].file),
        force_spinning_stop: "1", // after a run, threads that wait for another would disturb the next burst
      }},
    });
    this.feeds = {};
    for (const [name, {type, values, dims}] of Object.entries(this.layer.inputs))
      this.feeds[name] = new this.ort.Tensor(type === FLOAT ? "float32" : "int32", values, dims);
    return {};
  }

  async run() {
    const start = performance.now();
    const result = await this.session.run(this.feeds);
    return {seconds: 1e-3 * (performance.now() - start), values: result[this.layer.output].data};
  }

  async forward(order) {
    const {seconds, values} = await this.run();
    fs.writeFileSync(order.file, this.layer.back(values));
    return {seconds, shape: this.layer.shape, note: this.layer.note};
  }

  async measure() {
    const {seconds} = await this.run();
    return {seconds};
  }
}

/// The package's file: node's own way, which NODE_PATH extends, then from here, then where npm installs for all.
function find() {
  const global = () => execFileSync("npm", ["root", "-g"], {stdio: ["ignore", "pipe", "ignore"], encoding: "utf8"});
  const places = [() => __dirname, () => process.cwd(), () => path.dirname(global().trim())];
  for (const place of places)
    try {
      return require.resolve(PACKAGE, {paths: [place()]});
    } catch { // not there; or there is no npm
    }
  throw new Error(`node finds no package ${PACKAGE} (${process.execPath})`);
}

function open() {
  try {
    return {engine: new OnnxRuntime(), why: ""};
  } catch (missing) { // also a library that the package needs
    return {engine: null, why: missing.message.split("\n")[0]};
  }
}

async function serve({engine, why}) {
  for await (const line of readline.createInterface({input: process.stdin})) {
    let reply;
    try {
      const order = JSON.parse(line);
      reply = engine ? await engine[order.do](order) : {backends: [], why};
    } catch (problem) { // whatever it is, it is this case's row
      reply = {error: problem.message.replace(/\s+/g, " ")};
    }
    process.stdout.write(JSON.stringify(reply) + "\n");
  }
}

const opened = open();
if (process.argv[2] === "--about") {
  console.log(opened.engine ? opened.engine.about : opened.why);
  process.exitCode = opened.engine ? 0 : 1;
} else {
  serve(opened);
}
