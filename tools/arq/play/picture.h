/* Pictures of an environment, and how a terminal shows them. */
#ifndef ARQ_TOOL_PICTURE_H
#define ARQ_TOOL_PICTURE_H

#include "cli/text.h"

#include "arq/environment.h"

typedef struct picture {
    uint8_t *rgb; /* [height, width, 3] */
    size_t capacity;
    uint32_t width, height;
} picture;

/* Draws the environment as large as width and height (in pixels) allow; where even one pixel a cell is too large, the
 * picture exceeds them. 0 or an exit code. */
int picture_draw(picture *self, arq_context *context, arq_env *env, uint32_t width, uint32_t height);

void picture_free(picture *self);

/* Adds the picture as text: each line of half blocks holds two rows of pixels (without UTF-8 a pixel is two spaces). A
 * line erases what was behind it and ends with \r\n. */
void picture_print(const picture *self, text *out);

/* Pixels a terminal of so many columns and lines can show. */
void picture_terminal_size(size_t columns, size_t lines, uint32_t *width, uint32_t *height);

#endif
