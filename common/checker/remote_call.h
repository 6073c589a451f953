#pragma once
/// A contract function called through a session: marshals the arguments, takes back the result.

#include "common/checker/session.h"
#include "common/contract/describe.h"

namespace workbook {

/// An object that lives in the worker; the checker holds its id. It is destroyed with this handle.
template <class T>
class Object {
 public:
  explicit Object(std::uint64_t id, Session& session) : id_(id), session_(&session) {}
  Object(Object&& other) noexcept : id_(std::exchange(other.id_, 0)), session_(other.session_) {}
  Object& operator=(Object other) noexcept {
    std::swap(id_, other.id_);
    std::swap(session_, other.session_);
    return *this;
  }
  ~Object() {
    if (id_ != 0) session_->release(id_);
  }

  std::uint64_t id() const { return id_; }

 private:
  std::uint64_t id_;
  Session* session_;
};

namespace detail {

template <class P>
struct OnCheckerSide {
  using Parameter = P;
};
template <ObjectParameter P>
struct OnCheckerSide<P> {
  using Parameter = const Object<std::remove_cvref_t<P>>&;
};

template <class T>
struct OnCheckerSide<DeviceTensor<const T>> {
  using Parameter = const TensorOf<T>&;
};
template <class T>
struct OnCheckerSide<DeviceTensor<T>> {
  using Parameter = TensorOf<T>&;
};
template <class T>
struct OnCheckerSide<DeviceOutput<T>> {
  using Parameter = TensorOf<T>&;
};
template <>
struct OnCheckerSide<cudaStream_t> {
  using Parameter = NewStream;
};

template <class R>
struct ResultOnCheckerSide {
  using Type = std::remove_cvref_t<R>;
};
template <class T>
struct ResultOnCheckerSide<New<T>> {
  using Type = Object<T>;
};

/// An object may hold device memory until it is destroyed; what a free function leaves behind is lost.
template <auto F>
inline constexpr bool may_keep_memory =
    !std::is_pointer_v<decltype(F)> || !std::is_function_v<std::remove_pointer_t<decltype(F)>>;

/// As it is, but an object's id in place of the object, and what owns the elements in place of a span.
template <class P, class A>
void encode_argument(Writer& out, const A& argument) {
  if constexpr (ObjectParameter<P>)
    out.number(argument.id());
  else if constexpr (std::same_as<typename Parameter<P>::Held, A>)
    encode(out, argument);
  else
    encode(out, typename Parameter<P>::Held(argument.begin(), argument.end()));
}

template <class P>
inline constexpr bool is_device_output = false;
template <class T>
inline constexpr bool is_device_output<DeviceOutput<T>> = true;

template <class P, class A>
std::uint64_t device_output_bytes(const A& argument) {
  if constexpr (is_device_output<P>)
    return argument.values().size_bytes();
  else
    return 0;
}

/// Nothing for a call all of whose arguments are the host's.
template <class... P, class... A>
std::optional<DeviceCall> device_call(const A&... arguments) {
  if (!(DeviceParameter<P> || ...)) return std::nullopt;
  return DeviceCall{(device_output_bytes<P>(arguments) + ... + 0)};
}

template <class P, class A>
void take_back(Reader& in, A& argument) {
  if constexpr (Parameter<P>::in_out) {
    auto value = decode<typename Parameter<P>::Held>(in);
    if constexpr (is_span<P>) {
      if (value.size() != argument.size()) throw WireError("a span came back with another length");
      std::ranges::copy(value, argument.begin());
    } else {
      argument = std::move(value);
    }
  }
}

}  // namespace detail

/// How student<f> takes a parameter that f declares as P.
template <class P>
using CheckerParameter = typename detail::OnCheckerSide<P>::Parameter;
/// What student<f> returns where f returns R.
template <class R>
using CheckerResult = typename detail::ResultOnCheckerSide<R>::Type;

/// Calls function number `index` of the session's contract, `repeats` times in a row in the worker.
/// @throws what Session::call throws
template <auto F, class... P>
CheckerResult<typename Signature<F>::Result> remote_call(Session& session, std::size_t index, std::uint32_t repeats,
                                                         std::remove_reference_t<CheckerParameter<P>>&... arguments) {
  using R = typename Signature<F>::Result;
  Writer request;
  encode(request, RequestHead{static_cast<std::uint32_t>(index), repeats, session.treatment()});
  (detail::encode_argument<P>(request, arguments), ...);

  std::string text(name_of<F>);
  text += "(";
  ((text += (text.ends_with('(') ? "" : ", ") + describe(arguments)), ...);
  text += ")";
  const auto bytes = session.call({name_of<F>,
                                   text,
                                   request.bytes(),
                                   {static_cast<const void*>(&arguments)...},
                                   detail::may_keep_memory<F>,
                                   detail::device_call<P...>(arguments...)});

  Reader in(bytes);
  try {
    if constexpr (std::is_void_v<R>) {
      (detail::take_back<P>(in, arguments), ...);
      in.finish();
    } else if constexpr (detail::is_instance<R, New>) {
      CheckerResult<R> object(in.number<std::uint64_t>(), session);
      (detail::take_back<P>(in, arguments), ...);
      in.finish();
      return object;
    } else {
      auto result = decode<std::remove_cvref_t<R>>(in);
      (detail::take_back<P>(in, arguments), ...);
      in.finish();
      return result;
    }
  } catch (const WireError& e) {
    session.note(Verdict::crashed, text + "\nthe worker's reply is malformed: " + e.what());
    throw Stopped(Verdict::crashed, "malformed reply");
  }
}

}  // namespace workbook
