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

/* Draws the environment so that the picture fits the width and height in pixels, as large as it gets; a picture that
 * is larger even at one pixel a cell stays as it is. 0 or an exit code. */
int picture_draw(picture *self, arq_context *context, arq_env *env, uint32_t width, uint32_t height);

void picture_free(picture *self);

/* Adds the picture, two rows of pixels to a line of half blocks (two spaces a pixel where the terminal has no UTF-8).
 * Lines end in \r\n with the rest of them erased. */
void picture_print(const picture *self, text *out);

/* Pixels a terminal of so many columns and lines can show. */
void picture_terminal_size(size_t columns, size_t lines, uint32_t *width, uint32_t *height);

#endif
