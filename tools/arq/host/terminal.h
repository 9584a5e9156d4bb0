/* The terminal: its size, and a raw mode that is undone however the program ends. */
#ifndef ARQ_TOOL_TERMINAL_H
#define ARQ_TOOL_TERMINAL_H

#include <stddef.h>

/* Columns and rows of the terminal on stdout; 80 and 24 where there is none. */
size_t terminal_width(void);
size_t terminal_height(void);

/* Whether stdin is a terminal, and whether stdout is one. */
int terminal_is_input(void);
int terminal_is_output(void);

/* While locked, other threads cannot print to stdout; may be nested. */
void terminal_lock_output(void);
void terminal_unlock_output(void);

/* Keys without echo and line ends, a clean screen, no cursor. Undone by terminal_leave, exit and signals; a stopped
 * program (Ctrl-Z) that goes on comes back to it. 0, or -1 with the reason in errno. */
int terminal_enter(void);
void terminal_leave(void);

/* Keys that are no characters. */
enum { KEY_NONE = 0, KEY_END = -1, KEY_LEFT = 256, KEY_RIGHT, KEY_UP, KEY_DOWN, KEY_OTHER };

/* The next key, waited for at most so many seconds; KEY_NONE when none came, KEY_END when none can come any more. */
int terminal_key(double seconds);

/* Writes all bytes to the terminal. 0, or -1 when it is gone. */
int terminal_write(const char *bytes, size_t count);

#endif
