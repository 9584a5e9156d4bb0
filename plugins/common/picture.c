#include "picture.h"

#include <inttypes.h>
#include <stdio.h>

arq_status picture_begin(struct picture *picture, uint32_t columns, uint32_t rows, uint32_t cell_size, uint8_t *rgb,
                         size_t capacity, uint32_t background, char *error, size_t error_size)
{
    if (cell_size < 1 || cell_size > PICTURE_LARGEST_CELL) {
        snprintf(error, error_size, "render: cell_size is %" PRIu32 ", accepted is 1 to %d", cell_size,
                 PICTURE_LARGEST_CELL);
        return ARQ_E_ARGUMENT;
    }
    *picture = (struct picture){rgb, columns * cell_size, rows * cell_size, cell_size};
    if (rgb == NULL) {
        return ARQ_OK;
    }
    uint64_t needed = (uint64_t)picture->width * picture->height * 3;
    if (capacity < needed) {
        snprintf(error, error_size, "render: capacity is %zu bytes, the picture needs %" PRIu64, capacity, needed);
        return ARQ_E_ARGUMENT;
    }
    picture_rectangle(picture, (struct picture_point){0, 0}, (struct picture_point){columns, rows}, background);
    return ARQ_OK;
}

static void paint(struct picture *picture, uint32_t x, uint32_t y, uint32_t colour)
{
    uint8_t *pixel = picture->rgb + 3 * ((size_t)y * picture->width + x);

    pixel[0] = (uint8_t)(colour >> 16);
    pixel[1] = (uint8_t)(colour >> 8);
    pixel[2] = (uint8_t)colour;
}

/* The first pixel whose middle lies at or after `position` (in pixels), no more than `limit`. */
static uint32_t first_pixel(double position, uint32_t limit)
{
    if (!(position > 0.5)) {
        return 0;
    }
    if (position >= limit) {
        return limit;
    }
    uint32_t whole = (uint32_t)position;
    return whole + (position - whole > 0.5);
}

void picture_rectangle(struct picture *picture, struct picture_point corner, struct picture_point opposite,
                       uint32_t colour)
{
    double scale = picture->cell_size;
    uint32_t left = first_pixel(corner.x * scale, picture->width);
    uint32_t right = first_pixel(opposite.x * scale, picture->width);
    uint32_t bottom = first_pixel(opposite.y * scale, picture->height);

    for (uint32_t y = first_pixel(corner.y * scale, picture->height); y < bottom; y++) {
        for (uint32_t x = left; x < right; x++) {
            paint(picture, x, y, colour);
        }
    }
}

static double square_of_distance(struct picture_point point, struct picture_point start, struct picture_point end)
{
    double dx = end.x - start.x;
    double dy = end.y - start.y;
    double length = dx * dx + dy * dy;
    double along = length > 0 ? ((point.x - start.x) * dx + (point.y - start.y) * dy) / length : 0;

    along = along < 0 ? 0 : along > 1 ? 1 : along;
    double x = point.x - start.x - along * dx;
    double y = point.y - start.y - along * dy;
    return x * x + y * y;
}

void picture_line(struct picture *picture, struct picture_point start, struct picture_point end, double thickness,
                  uint32_t colour)
{
    double scale = picture->cell_size;
    double radius = thickness / 2;
    uint32_t left = first_pixel(((start.x < end.x ? start.x : end.x) - radius) * scale, picture->width);
    uint32_t right = first_pixel(((start.x < end.x ? end.x : start.x) + radius) * scale, picture->width);
    uint32_t top = first_pixel(((start.y < end.y ? start.y : end.y) - radius) * scale, picture->height);
    uint32_t bottom = first_pixel(((start.y < end.y ? end.y : start.y) + radius) * scale, picture->height);

    for (uint32_t y = top; y < bottom; y++) {
        for (uint32_t x = left; x < right; x++) {
            struct picture_point middle = {(x + 0.5) / scale, (y + 0.5) / scale};
            if (square_of_distance(middle, start, end) <= radius * radius) {
                paint(picture, x, y, colour);
            }
        }
    }
}
