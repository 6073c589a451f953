#pragma once
// <cmath> without std::beta, std::riemann_zeta and their like: libstdc++ defines them by templates that every file
// would instantiate anew, called or not, which takes a fifth of the time that a small file needs.
#if __has_include(<bits/c++config.h>)
#include <bits/c++config.h>
#undef _GLIBCXX_USE_STD_SPEC_FUNCS
#endif
