#pragma once
/// Which keys a query may attend to: a word that the contracts of several lessons share.

namespace workbook {

enum class Mask {
  none,    ///< every query sees every key
  causal,  ///< query i sees key j if j <= i + (kv_len - q_len): the last query sees all keys
};

}  // namespace workbook
