/// main() of a lesson's checker.

#include <typeinfo>

#include "common/checker/checker_main.h"
#include "common/contract/lesson.h"

int main(int argc, char** argv) {
  return workbook::checker_main(argc, argv, WORKBOOK_LESSON_ID, typeid(workbook::LessonContract).name());
}
