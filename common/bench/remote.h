#pragma once
/// Functions of a contract of the benchmark's, called in a worker.

#include "common/checker/remote_call.h"

namespace workbook::bench {

template <const auto& contract, auto F, class Parameters>
struct Remote;

template <const auto& contract, auto F, class... P>
struct Remote<contract, F, Types<P...>> {
  CheckerResult<typename Signature<F>::Result> operator()(Session& session, CheckerParameter<P>... arguments) const {
    constexpr std::size_t index = std::remove_cvref_t<decltype(contract)>::template index_of<F>();
    static_assert(index < std::remove_cvref_t<decltype(contract)>::size);
    return remote_call<F, P...>(session, index, 1, arguments...);
  }
};

/// F, which the contract exports.
template <const auto& contract, auto F>
inline constexpr Remote<contract, F, typename Signature<F>::Parameters> remote_of{};

/// What a worker must find in a plugin of this contract.
template <class Contract>
std::string contract_name(const Contract&) {
  return typeid(Contract).name();
}

}  // namespace workbook::bench
