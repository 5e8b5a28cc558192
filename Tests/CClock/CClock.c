/* Moves the wall clock of a process and nothing else: CLOCK_SHIFT=+1h is an hour ahead, CLOCK_SHIFT=-5s is behind. When
   CLOCK_SHIFT is the path of a file (it begins with a slash), the file has the shift and is read at every look at the
   clock: so it moves while the process runs. No other clock is touched; deadlines by the wall clock, which the process
   takes from the moved one, are moved back before the kernel gets them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define HIGHEST_FILE 65536
#define COND_IS_MONOTONIC 2 /* In __wrefs of glibc's pthread_cond_t. */

static unsigned char wall_clock_timers[HIGHEST_FILE];

static time_t seconds_in(const char *text) {
    char *end;
    time_t number = strtoll(text, &end, 10);
    return *end == 'h' ? number * 3600 : *end == 'm' ? number * 60 : number;
}

static time_t shift(void) {
    static const char *setting;
    if (setting == NULL) {
        const char *found = getenv("CLOCK_SHIFT");
        setting = found == NULL ? "0" : found;
    }
    if (setting[0] != '/') {
        return seconds_in(setting);
    }
    char text[32] = "";
    int file = (int)syscall(SYS_openat, AT_FDCWD, setting, O_RDONLY | O_CLOEXEC, 0);
    if (file >= 0) {
        syscall(SYS_read, file, text, sizeof text - 1);
        syscall(SYS_close, file);
    }
    return seconds_in(text);
}

static int is_wall_clock(clockid_t clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_REALTIME_ALARM
        || clock == CLOCK_TAI;
}

/* The same instant as the kernel knows it. */
static struct timespec true_time(clockid_t clock, const struct timespec *time) {
    struct timespec result = *time;
    if (is_wall_clock(clock)) {
        result.tv_sec -= shift();
    }
    return result;
}

/* Looks at the clock. */

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && is_wall_clock(clock)) {
        time->tv_sec += shift();
    }
    return result;
}

int gettimeofday(struct timeval *time, void *zone) {
    (void)zone;
    struct timespec now;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return result;
}

time_t time(time_t *time) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (time != NULL) {
        *time = now.tv_sec;
    }
    return now.tv_sec;
}

int timespec_get(struct timespec *time, int base) {
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, time) == 0 ? base : 0;
}

/* Deadlines by the clock. */

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left) {
    int (*next)(clockid_t, int, const struct timespec *, struct timespec *) = dlsym(RTLD_NEXT, "clock_nanosleep");
    struct timespec until = flags & TIMER_ABSTIME ? true_time(clock, time) : *time;
    return next(clock, flags, &until, left);
}

int timerfd_create(clockid_t clock, int flags) {
    int descriptor = (int)syscall(SYS_timerfd_create, clock, flags);
    if (descriptor >= 0 && descriptor < HIGHEST_FILE) {
        wall_clock_timers[descriptor] = is_wall_clock(clock);
    }
    return descriptor;
}

int timerfd_settime(int descriptor, int flags, const struct itimerspec *value, struct itimerspec *old) {
    struct itimerspec until = *value;
    int is_set = value->it_value.tv_sec != 0 || value->it_value.tv_nsec != 0;
    if (is_set && flags & TFD_TIMER_ABSTIME && descriptor >= 0 && descriptor < HIGHEST_FILE
        && wall_clock_timers[descriptor]) {
        until.it_value = true_time(CLOCK_REALTIME, &value->it_value);
    }
    return (int)syscall(SYS_timerfd_settime, descriptor, flags, &until, old);
}

int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *time) {
    int (*next)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *) =
        dlsym(RTLD_NEXT, "pthread_cond_clockwait");
    struct timespec until = true_time(clock, time);
    return next(cond, mutex, clock, &until);
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *time) {
    int is_monotonic = (cond->__data.__wrefs & COND_IS_MONOTONIC) != 0;
    return pthread_cond_clockwait(cond, mutex, is_monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME, time);
}

int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *time) {
    int (*next)(pthread_mutex_t *, clockid_t, const struct timespec *) = dlsym(RTLD_NEXT, "pthread_mutex_clocklock");
    struct timespec until = true_time(clock, time);
    return next(mutex, clock, &until);
}

int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *time) {
    return pthread_mutex_clocklock(mutex, CLOCK_REALTIME, time);
}

int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *time) {
    int (*next)(sem_t *, clockid_t, const struct timespec *) = dlsym(RTLD_NEXT, "sem_clockwait");
    struct timespec until = true_time(clock, time);
    return next(semaphore, clock, &until);
}

int sem_timedwait(sem_t *semaphore, const struct timespec *time) {
    return sem_clockwait(semaphore, CLOCK_REALTIME, time);
}
