// Must get: does_not_compile
#include "/etc/passwd"
