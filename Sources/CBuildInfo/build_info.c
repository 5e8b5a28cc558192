#include "build_info.h"

#define TEXT_OF(word) #word
#define TEXT(word) TEXT_OF(word)

const char *flashctl_revision(void) {
    return TEXT(FLASHCTL_REVISION);
}
