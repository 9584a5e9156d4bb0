/* Pictures of environments: shapes in units of cells, painted over each other on a buffer of RGB pixels. */
#ifndef ARQ_PLUGINS_PICTURE_H
#define ARQ_PLUGINS_PICTURE_H

#include "arq/env.h"

#define PICTURE_LARGEST_CELL 4096

struct picture {
    uint8_t *rgb; /* NULL: only the size was asked for */
    uint32_t width, height;
    uint32_t cell_size;
};

/* A point, in cells from the upper left corner. */
struct picture_point {
    double x, y;
};

/* Checks the arguments of a render method, says the picture's size and fills it with the background, 0xRRGGBB. */
arq_status picture_begin(struct picture *picture, uint32_t columns, uint32_t rows, uint32_t cell_size, uint8_t *rgb,
                         size_t capacity, uint32_t background, char *error, size_t error_size);

void picture_rectangle(struct picture *picture, struct picture_point corner, struct picture_point opposite,
                       uint32_t colour);

/* A line of a thickness with round ends; with equal ends a disc. */
void picture_line(struct picture *picture, struct picture_point start, struct picture_point end, double thickness,
                  uint32_t colour);

#endif
