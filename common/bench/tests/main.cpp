/// main() of the benchmark's tests.

#include "common/checker/run_catch.h"

int main(int argc, char** argv) { return workbook::run_catch(argc, argv); }
