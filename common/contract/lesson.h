#pragma once
/// The lesson that a glue or a checker is compiled for, as add_lesson() names it:
/// WORKBOOK_LESSON_HEADER is "grouped_query.h", WORKBOOK_LESSON its namespace, grouped_query.

#include WORKBOOK_LESSON_HEADER

namespace workbook {
using LessonContract = std::remove_const_t<decltype(WORKBOOK_LESSON::contract)>;
}
