#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <readline/readline.h>
#include <readline/history.h>

// The settings of readline are global variables of C, which Swift 6 does not let anybody touch. One thread does,
// through these functions.

static inline void shim_setup(const char *name, rl_completion_func_t *complete, rl_voidfunc_t *redisplay) {
    rl_readline_name = name;
    rl_attempted_completion_function = complete;
    rl_completer_word_break_characters = " \t\n";
    // The signals belong to the program, which tells readline about them.
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_change_environment = 0;
    // readline looks the terminal up only while it draws the line itself; Ctrl-L and bracketed paste need that.
    rl_initialize();
    rl_redisplay_function = redisplay;
}

static inline const char *shim_line(void) { return rl_line_buffer; }
static inline int shim_point(void) { return rl_point; }
static inline int shim_end(void) { return rl_end; }

// No file names, and this character behind the only candidate.
static inline void shim_completion_over(char append) {
    rl_attempted_completion_over = 1;
    rl_completion_append_character = append;
}

// What was typed is gone; the prompt stands on a line of its own.
static inline void shim_drop_line(void) {
    rl_free_line_state();
    rl_callback_sigcleanup();
    rl_replace_line("", 0);
    fputs("^C\n", rl_outstream ? rl_outstream : stdout);
    rl_on_new_line();
    rl_forced_update_display();
}

// In the place of the prompt that is shown.
static inline void shim_change_prompt(const char *prompt) {
    rl_clear_visible_line();
    rl_set_prompt(prompt);
    rl_on_new_line();
    rl_redisplay_function();
}

// Whether the line itself is being typed, and not a search, an argument of a key or the rest of a sequence.
static inline int shim_is_plain(void) {
    return !RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_NUMERICARG | RL_STATE_CHARSEARCH |
                       RL_STATE_VIMOTION | RL_STATE_MULTIKEY | RL_STATE_METANEXT);
}

// With its own drawing function readline clears what is there; with another one it does not know how.
static inline void shim_resize(void) {
    rl_voidfunc_t *redisplay = rl_redisplay_function;
    rl_redisplay_function = rl_redisplay;
    rl_resize_terminal();
    rl_redisplay_function = redisplay;
}

static inline void shim_before_suspend(void) {
    if (rl_deprep_term_function) rl_deprep_term_function();
}

static inline void shim_after_suspend(void) {
    if (rl_prep_term_function) rl_prep_term_function(1);
    rl_on_new_line();
    rl_forced_update_display();
}

static inline void shim_write(const char *text) {
    FILE *out = rl_outstream ? rl_outstream : stdout;
    fputs(text, out);
    fflush(out);
}

static inline int shim_columns(void) {
    int rows = 0, columns = 0;
    rl_get_screen_size(&rows, &columns);
    return columns;
}
