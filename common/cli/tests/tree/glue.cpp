/// What the worker calls: 10 not started, 0 passed, 1 wrong.
#include HEADER

extern "C" int judge() {
  try {
    return workbook::LESSON::add(2, 3) == 5 ? 0 : 1;
  } catch (const workbook::NotImplemented&) {
    return 10;
  }
}
