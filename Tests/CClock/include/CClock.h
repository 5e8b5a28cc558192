/* Nothing to call: this library is loaded into a process by LD_PRELOAD; see CClock.c. */
