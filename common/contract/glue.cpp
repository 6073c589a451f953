/// The plugin's side of a contract: serves calls that arrive as bytes. Compiled once for each lesson and linked into
/// every implementation of it, so that a student's file holds nothing but the student's code.

#include <any>
#include <typeinfo>
#include <unordered_map>

#include "common/contract/exceptions.h"
#include "common/contract/lesson.h"
#include "common/contract/lies.h"
#include "common/contract/parameter.h"
#include "common/contract/plugin.h"
#include "common/cuda/device_buffer.h"

namespace workbook {

__attribute__((weak)) void start_device();  // not in a plugin that uses no device

namespace {

/// The objects that a test case has made, by id. They live as long as the worker, or until released.
struct Objects {
  struct Entry {
    std::shared_ptr<void> object;
    const std::type_info* type;
  };
  std::unordered_map<std::uint64_t, Entry> entries;
  std::uint64_t next = 1;

  template <class T>
  T& find(std::uint64_t id) {
    const auto found = entries.find(id);
    if (found == entries.end() || *found->second.type != typeid(T))
      throw WireError("no object " + std::to_string(id) + " of that class");
    return *static_cast<T*>(found->second.object.get());
  }
};

Objects& objects() {
  static Objects all;
  return all;
}

template <class Body>
void run(void (CallHost::*how)(void (*)(void*), void*, Evidence&), CallHost& host, Evidence& evidence, Body& body) {
  (host.*how)([](void* context) { (*static_cast<Body*>(context))(); }, &body, evidence);
}

/// Notes the current exception in `head`; its own type is kept where the test may expect one.
void note_exception(ReplyHead& head) {
  head.outcome = Outcome::threw;
  try {
    throw;
  } catch (const NotImplemented& e) {
    head = {Outcome::not_implemented, e.function(), e.file(), e.line(), {}, {}};
  } catch (const std::exception& e) {
    head.exception = exception_name(e);
    head.text = std::string(e.what()).substr(0, kLongestText + 1);  // the checker cuts, and says so
  } catch (...) {
    head.exception = "something that is no std::exception";
  }
}

/// One argument in the worker: its value, and the request's bytes for it.
template <class P>
struct Argument {
  using Held = typename Parameter<P>::Held;
  static_assert(
      ValueParameter<P>,
      "a parameter of this contract function cannot cross to the worker: use numbers, strings, enums, tensors, "
      "optionals, vectors, tuples, spans, plain structs of those, or a reference to a class that the contract "
      "constructs");
  Held held;
  std::span<const std::byte> sent;

  explicit Argument(Reader& in) {
    const auto before = in.rest();
    held = decode<Held>(in);
    sent = before.first(before.size() - in.left());
  }
  P pass() { return Parameter<P>::pass(held); }
  bool was_modified() const {
    if constexpr (!Parameter<P>::read_only) return false;
    SameBytes now(sent);
    encode(now, held);
    return !now.equal();
  }
  /// Gives back what the reply does not need. The most memory of a call is then what it takes while it runs, and what
  /// the reply takes afterwards is no room that an implementation could use unseen.
  void forget() {
    if constexpr (!Parameter<P>::in_out) held = Held();
  }
  void return_to(Writer& reply, CallHost& host) const {
    if constexpr (Parameter<P>::in_out) host.reveal(elements()), encode(reply, lies::told(held));
  }
  std::span<const std::byte> elements() const { return elements_of(held); }
  /// What was sent, and the argument if it may only be read, stay as they are.
  void keep_in(CallHost& host) const {
    if constexpr (detail::is_tensor<Held>) host.conceal(sent, elements());
    host.keep(sent.data(), sent.size());
    if constexpr (Parameter<P>::read_only) host.keep(elements().data(), elements().size());
  }
};

template <ObjectParameter P>
struct Argument<P> {
  std::remove_cvref_t<P>* object;

  explicit Argument(Reader& in) : object(&objects().find<std::remove_cvref_t<P>>(in.number<std::uint64_t>())) {}
  P pass() { return *object; }
  bool was_modified() const { return false; }
  void forget() {}
  void return_to(Writer&, CallHost&) const {}
  std::span<const std::byte> elements() const { return elements_of(*object); }
  void keep_in(CallHost&) const {}
};

template <class P>
inline constexpr bool is_output = false;
template <class T>
inline constexpr bool is_output<DeviceOutput<T>> = true;

/// An argument on the device. The simulator tells what is read of an output before it is written.
template <DeviceParameter P>
struct Argument<P> {
  using Held = typename Parameter<P>::Held;
  std::span<const std::byte> sent;
  Held host;
  DeviceBuffer device;

  explicit Argument(Reader& in) : sent(in.rest()), host(decode<Held>(in)), device(host.values().size_bytes()) {
    sent = sent.first(sent.size() - in.left());
    device.describe(host.shape().extents(), sizeof *host.data());
    if (is_output<P>)
      device.poison();
    else
      device.upload(host.data());
  }
  P pass() { return P(static_cast<decltype(std::declval<P>().data())>(device.data()), host.shape()); }
  bool was_modified() const try {
    if constexpr (!Parameter<P>::read_only) return false;
    Held now(host.shape());
    device.download(now.data());
    return !std::ranges::equal(std::as_bytes(now.values()), std::as_bytes(host.values()));
  } catch (const std::runtime_error&) {  // after a kernel's fault nothing comes back
    return false;
  }
  void forget() {}
  void return_to(Writer& reply, CallHost&) {
    if constexpr (Parameter<P>::in_out) device.download(host.data()), encode(reply, host);
  }
  std::span<const std::byte> elements() const { return {}; }
  void keep_in(CallHost& call) const { call.conceal(sent, elements_of(host)); }
};

template <>
struct Argument<cudaStream_t> {
  DeviceStream stream;

  explicit Argument(Reader& in) { decode<NewStream>(in); }
  cudaStream_t pass() { return stream.get(); }
  bool was_modified() const { return false; }
  void forget() {}
  void return_to(Writer&, CallHost&) const {}
  std::span<const std::byte> elements() const { return {}; }
  void keep_in(CallHost&) const {}
};

template <class R>
struct Result {
  static_assert(Transferable<std::remove_cvref_t<R>>,
                "the result of this contract function cannot cross to the checker");
  std::optional<std::remove_cvref_t<R>> value;
  template <class Call>
  void fill(Call&& call) {
    value.emplace(call());
  }
  /// Into as much memory as it takes: a message that grows would for a moment be there twice.
  void encode_to(Writer& reply, CallHost& host) {
    host.reveal(elements_of(*value));
    const auto& told = lies::told(*value);
    Length length;
    encode(length, told);
    reply.reserve(length.bytes());
    encode(reply, told);
  }
  void drop() { value.reset(); }
};
template <>
struct Result<void> {
  template <class Call>
  void fill(Call&& call) {
    call();
  }
  void encode_to(Writer&, CallHost&) {}
  void drop() {}
};
template <class T>
struct Result<New<T>> {
  std::shared_ptr<T> made;
  template <class Call>
  void fill(Call&& call) {
    made.reset(call().object);
  }
  void encode_to(Writer& reply, CallHost&) {
    reply.number(objects().next);
    objects().entries[objects().next++] = {std::move(made), &typeid(T)};
  }
  void drop() {}
};

template <auto F, class... P, std::size_t... i>
void call_once(Types<P...>, std::index_sequence<i...>, Reader in, Writer& reply, CallHost& host,
               std::vector<double>& seconds) {
  std::tuple<Argument<P>...> arguments{Argument<P>(in)...};
  in.finish();
  (host.watch(i, std::get<i>(arguments).elements(), ObjectParameter<P>), ...);
  (std::get<i>(arguments).keep_in(host), ...);

  ReplyHead head;
  Evidence evidence;
  Result<typename Signature<F>::Result> result;
  auto body = [&] {
    try {
      result.fill([&]() -> decltype(auto) { return Signature<F>::invoke(std::get<i>(arguments).pass()...); });
      if constexpr ((DeviceParameter<P> || ...)) synchronize_device();
    } catch (...) {
      note_exception(head);
    }
  };
  run(&CallHost::call, host, evidence, body);
  if (head.outcome == Outcome::threw) head.thrown_at = host.thrown_at();

  const bool modified[] = {std::get<i>(arguments).was_modified()..., false};
  for (std::uint32_t index = 0; index < sizeof...(P); ++index)
    if (modified[index]) evidence.inputs_modified.push_back(index);
  (std::get<i>(arguments).forget(), ...);

  Writer payload;
  if (head.outcome == Outcome::returned) {
    try {
      result.encode_to(payload, host);
      (std::get<i>(arguments).return_to(payload, host), ...);
    } catch (const std::exception&) {  // after a kernel's fault nothing comes back from the device
      payload = Writer();
      note_exception(head);
    }
  }
  auto drop = [&] { result.drop(); };
  run(&CallHost::drop, host, evidence, drop);

  seconds.insert(seconds.end(), evidence.seconds.begin(), evidence.seconds.end());
  evidence.seconds = seconds;
  head.evidence = std::move(evidence);
  reply = Writer();
  encode(reply, head);
  reply.raw(payload.bytes().data(), payload.bytes().size());
}

// `std::tuple<Argument<P>...>{Argument<P>(in)...}` reads in order: braces evaluate from left to right.
template <auto F, class... P>
void serve_function(Types<P...> parameters, std::uint32_t repeats, Reader& in, Writer& reply, CallHost& host) {
  std::vector<double> seconds;
  for (std::uint32_t r = 0; r < std::max(repeats, 1u); ++r)
    call_once<F>(parameters, std::index_sequence_for<P...>{}, in, reply, host, seconds);
}

template <auto... F>
void serve_any(Contract<F...>, const RequestHead& head, Reader& in, Writer& reply, CallHost& host) {
  std::uint32_t index = 0;
  const bool found = ((index++ == head.function &&
                       (serve_function<F>(typename Signature<F>::Parameters{}, head.repeats, in, reply, host), true)) ||
                      ...);
  if (!found) throw WireError("no function " + std::to_string(head.function));
}

void release(Reader& in, Writer& reply, CallHost& host) {
  const auto id = in.number<std::uint64_t>();
  ReplyHead head;
  auto entry = objects().entries.extract(id);
  auto body = [&] { entry = {}; };
  run(&CallHost::call, host, head.evidence, body);
  encode(reply, head);
}

void serve(const RequestHead& head, Reader& in, Writer& reply, CallHost& host) {
  if (head.function == kRelease)
    release(in, reply, host);
  else
    serve_any(LessonContract{}, head, in, reply, host);
}

}  // namespace
}  // namespace workbook

extern "C" __attribute__((visibility("default"))) const workbook::PluginTable* workbook_plugin() {
  static const workbook::PluginTable table{typeid(workbook::LessonContract).name(), workbook::start_device,
                                           workbook::serve};
  return &table;
}
