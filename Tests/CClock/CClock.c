/* Loaded in front of libfaketime, which moves absolute timers of every clock by the hours that only the wall clock is
   moved by: under -1h a monotonic timer of two seconds would fire after an hour. Timers of other clocks go straight to
   the kernel here; those of the wall clock are left to libfaketime. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MOST_FILES 65536

static unsigned char is_wall_clock[MOST_FILES];

int timerfd_create(clockid_t clock, int flags) {
    int descriptor = (int)syscall(SYS_timerfd_create, clock, flags);
    if (descriptor >= 0 && descriptor < MOST_FILES) {
        is_wall_clock[descriptor] = clock == CLOCK_REALTIME;
    }
    return descriptor;
}

int timerfd_settime(int descriptor, int flags, const struct itimerspec *value, struct itimerspec *old) {
    int (*next)(int, int, const struct itimerspec *, struct itimerspec *) = NULL;
    if (descriptor >= 0 && descriptor < MOST_FILES && is_wall_clock[descriptor]) {
        *(void **)&next = dlsym(RTLD_NEXT, "timerfd_settime");
    }
    if (next != NULL) {
        return next(descriptor, flags, value, old);
    }
    return (int)syscall(SYS_timerfd_settime, descriptor, flags, value, old);
}
