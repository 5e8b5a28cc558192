/* Nothing to call: this library is loaded in front of libfaketime; see CClock.c. */
