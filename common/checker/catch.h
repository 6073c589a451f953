#pragma once
/// Catch2, whichever is installed: 2.13 (Debian 12, Ubuntu 22.04) or 3.x.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#define WORKBOOK_CATCH 3
#else
#include <catch2/catch.hpp>
#define WORKBOOK_CATCH 2
#endif
