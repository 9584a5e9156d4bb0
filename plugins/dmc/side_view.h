/* A flat picture of a model: its capsules, spheres and boxes as seen from one side. */
#ifndef ARQ_PLUGINS_DMC_SIDE_VIEW_H
#define ARQ_PLUGINS_DMC_SIDE_VIEW_H

#include "common/picture.h"
#include "mujoco_library.h"

/* Size of the picture in cells. */
#define SIDE_VIEW_COLUMNS 16
#define SIDE_VIEW_ROWS 12

/* From where a model is seen, lengths in metres. */
struct side_view {
    bool is_from_above;   /* x and y are seen, otherwise x and z */
    double x, y;          /* the picture's middle */
    double height;        /* of what is seen */
    const char *followed; /* body that stays in the middle of x, or NULL */
};

void side_view_draw(const struct side_view *view, const mjModel *model, const mjData *data, struct picture *picture);

#endif
