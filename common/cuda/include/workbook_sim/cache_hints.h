#pragma once
/// Loads and stores with a hint for the caches, which are not simulated.

#include <type_traits>

#include "language.h"

#define WORKBOOK_LOAD(name)                  \
  template <class T>                         \
  WORKBOOK_INLINE T name(const T* address) { \
    return *address;                         \
  }
WORKBOOK_LOAD(__ldg)
WORKBOOK_LOAD(__ldca)
WORKBOOK_LOAD(__ldcg)
WORKBOOK_LOAD(__ldcs)
WORKBOOK_LOAD(__ldlu)
WORKBOOK_LOAD(__ldcv)
#undef WORKBOOK_LOAD
#define WORKBOOK_STORE(name)                                             \
  template <class T>                                                     \
  WORKBOOK_INLINE void name(T* address, std::type_identity_t<T> value) { \
    *address = value;                                                    \
  }
WORKBOOK_STORE(__stcs)
WORKBOOK_STORE(__stcg)
WORKBOOK_STORE(__stwb)
WORKBOOK_STORE(__stwt)
#undef WORKBOOK_STORE
