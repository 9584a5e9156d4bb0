#include "play/picture.h"

#include "cli/message.h"

#include <stdlib.h>
#include <string.h>

static int has_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && *value != '\0') {
            return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL || strstr(value, "UTF8") != NULL ||
                   strstr(value, "utf-8") != NULL;
        }
    }
    return 0;
}

static int has_true_colour(void)
{
    const char *value = getenv("COLORTERM");
    return value != NULL && (strcmp(value, "truecolor") == 0 || strcmp(value, "24bit") == 0);
}

void picture_terminal_size(size_t columns, size_t lines, uint32_t *width, uint32_t *height)
{
    int utf8 = has_utf8();
    *width = (uint32_t)(utf8 ? columns : columns / 2);
    *height = (uint32_t)(utf8 ? 2 * lines : lines);
}

static int render(picture *self, arq_context *context, arq_env *env, uint32_t cell_size)
{
    uint32_t width = 0;
    uint32_t height = 0;
    if (arq_env_render(env, cell_size, NULL, 0, &width, &height) != ARQ_OK) {
        return message_library(context);
    }
    size_t bytes = (size_t)width * height * 3;
    if (bytes > self->capacity) {
        uint8_t *grown = realloc(self->rgb, bytes);
        if (grown == NULL) {
            return message_fail("no memory for a picture of %u x %u pixels", width, height);
        }
        self->rgb = grown;
        self->capacity = bytes;
    }
    if (arq_env_render(env, cell_size, self->rgb, self->capacity, &self->width, &self->height) != ARQ_OK) {
        return message_library(context);
    }
    return 0;
}

int picture_draw(picture *self, arq_context *context, arq_env *env, uint32_t width, uint32_t height)
{
    uint32_t columns = 0;
    uint32_t rows = 0;
    if (arq_env_render(env, 1, NULL, 0, &columns, &rows) != ARQ_OK) {
        return message_library(context);
    }
    uint32_t cell_size = width / columns < height / rows ? width / columns : height / rows;
    return render(self, context, env, cell_size < 1 ? 1 : cell_size);
}

void picture_free(picture *self)
{
    free(self->rgb);
    memset(self, 0, sizeof(*self));
}

/* Chooses a colour; plane is 38 for the text, 48 for the background. */
static void add_colour(text *out, int plane, const uint8_t *rgb, int true_colour)
{
    if (true_colour) {
        text_add(out, "\033[%d;2;%d;%d;%dm", plane, rgb[0], rgb[1], rgb[2]);
    } else {
        /* The 6 x 6 x 6 cube that every terminal has. */
        int cube = 36 * ((rgb[0] * 5 + 127) / 255) + 6 * ((rgb[1] * 5 + 127) / 255) + (rgb[2] * 5 + 127) / 255;
        text_add(out, "\033[%d;5;%dm", plane, 16 + cube);
    }
}

void picture_print(const picture *self, text *out)
{
    int utf8 = has_utf8();
    int true_colour = has_true_colour();
    static const uint8_t black[3] = {0, 0, 0};
    size_t row_bytes = (size_t)self->width * 3;
    for (uint32_t y = 0; y < self->height; y += utf8 ? 2 : 1) {
        const uint8_t *upper = self->rgb + y * row_bytes;
        const uint8_t *before[2] = {NULL, NULL};
        for (uint32_t x = 0; x < self->width; x++) {
            const uint8_t *pixel[2] = {upper + (size_t)x * 3, black};
            if (y + 1 < self->height) {
                pixel[1] = pixel[0] + row_bytes;
            }
            if (utf8 && (before[1] == NULL || memcmp(before[1], pixel[1], 3) != 0)) {
                add_colour(out, 48, pixel[1], true_colour);
            }
            if (before[0] == NULL || memcmp(before[0], pixel[0], 3) != 0) {
                add_colour(out, utf8 ? 38 : 48, pixel[0], true_colour);
            }
            text_add(out, utf8 ? "\u2580" : "  ");
            before[0] = pixel[0];
            before[1] = pixel[1];
        }
        text_add(out, "\033[0m\033[K\r\n");
    }
}
