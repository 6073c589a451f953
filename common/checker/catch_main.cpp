// Catch2 2.13's implementation: slow to compile, so it stands alone, is compiled once, and starts the session that
// only such a file can name. Version 3 is a library, and the same lines serve.
#define CATCH_CONFIG_RUNNER
#include "common/checker/catch.h"
#include "common/checker/run_catch.h"

int workbook::run_catch(int argc, const char* const* argv) { return Catch::Session().run(argc, argv); }
