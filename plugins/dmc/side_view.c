#include "side_view.h"

#include "common/colours.h"

#include <math.h>

#define SKY 0x1c2733u
#define TILE 1.0 /* metres of ground of one colour */
#define LIGHT_TILE 0x465461u
#define DARK_TILE 0x394552u
#define MOST_GEOMS 64
/* Groups that MuJoCo shows. */
#define SHOWN_GROUPS 3
/* What lies further away is darker. */
#define BEHIND 0.02
#define SHADE 0.65

/* The picture's scale and where it looks. */
struct camera {
    const struct side_view *view;
    struct picture *picture;
    double x, scale;
};

static struct picture_point project(const struct camera *camera, const mjtNum place[3])
{
    const double up = place[camera->view->is_from_above ? 1 : 2];

    return (struct picture_point){SIDE_VIEW_COLUMNS / 2.0 + (place[0] - camera->x) * camera->scale,
                                  SIDE_VIEW_ROWS / 2.0 - (up - camera->view->y) * camera->scale};
}

/* How far a place is from who looks. */
static double depth(const struct camera *camera, const mjtNum place[3])
{
    return camera->view->is_from_above ? -place[2] : place[1];
}

/* The line between two places, at least a pixel wide. */
static void draw_line(const struct camera *camera, const mjtNum start[3], const mjtNum end[3], double radius,
                      uint32_t colour)
{
    const double pixel = 1.0 / camera->picture->cell_size;

    picture_line(camera->picture, project(camera, start), project(camera, end),
                 fmax(2 * radius * camera->scale, 1.2 * pixel), colour);
}

static uint32_t shade(const float rgba[4], double factor)
{
    uint32_t colour = 0;

    for (int i = 0; i < 3; i++) {
        colour = colour << 8 | (uint32_t)(255 * factor * fmin(fmax(rgba[i], 0), 1));
    }
    return colour;
}

static const float *rgba_of(const mjModel *model, int geom)
{
    const int material = model->geom_matid[geom];

    return material >= 0 ? &model->mat_rgba[4 * material] : &model->geom_rgba[4 * geom];
}

static void draw_box(const struct camera *camera, const mjtNum place[3], const mjtNum size[3], uint32_t colour)
{
    mjtNum low[3];
    mjtNum high[3];

    for (int i = 0; i < 3; i++) {
        low[i] = place[i] - size[i];
        high[i] = place[i] + size[i];
    }
    struct picture_point bottom = project(camera, low);
    struct picture_point top = project(camera, high);
    picture_rectangle(camera->picture, (struct picture_point){bottom.x, top.y}, (struct picture_point){top.x, bottom.y},
                      colour);
}

static void draw_geom(const struct camera *camera, const mjModel *model, const mjData *data, int geom)
{
    const mjtNum *place = &data->geom_xpos[3 * geom];
    const mjtNum *axes = &data->geom_xmat[9 * geom];
    const mjtNum *size = &model->geom_size[3 * geom];
    const uint32_t colour = shade(rgba_of(model, geom), depth(camera, place) > BEHIND ? SHADE : 1);
    mjtNum start[3];
    mjtNum end[3];

    if (model->geom_type[geom] == mjGEOM_BOX) {
        draw_box(camera, place, size, colour);
        return;
    }
    const bool is_long = model->geom_type[geom] == mjGEOM_CAPSULE || model->geom_type[geom] == mjGEOM_CYLINDER;
    const mjtNum half = is_long ? size[1] : 0;
    for (int i = 0; i < 3; i++) {
        start[i] = place[i] - half * axes[3 * i + 2];
        end[i] = place[i] + half * axes[3 * i + 2];
    }
    draw_line(camera, start, end, size[0], colour);
}

/* Tiles, so that one sees how fast the ground goes by. */
static void draw_ground(const struct camera *camera)
{
    const double half = camera->view->height * SIDE_VIEW_COLUMNS / SIDE_VIEW_ROWS / 2;

    for (double tile = floor((camera->x - half) / TILE); tile * TILE < camera->x + half; tile++) {
        const mjtNum corner[3] = {tile * TILE, 0, 0};
        const mjtNum next[3] = {(tile + 1) * TILE, 0, 0};
        const struct picture_point end = {project(camera, next).x, SIDE_VIEW_ROWS};
        picture_rectangle(camera->picture, project(camera, corner), end, fmod(tile, 2) == 0 ? LIGHT_TILE : DARK_TILE);
    }
}

static void draw_tendons(const struct camera *camera, const mjModel *model, const mjData *data)
{
    for (int tendon = 0; tendon < model->ntendon; tendon++) {
        const mjtNum *points = &data->wrap_xpos[3 * data->ten_wrapadr[tendon]];
        const uint32_t colour = shade(&model->tendon_rgba[4 * tendon], 1);
        for (int i = 0; i + 1 < data->ten_wrapnum[tendon]; i++) {
            draw_line(camera, points + 3 * (size_t)i, points + 3 * (size_t)(i + 1), model->tendon_width[tendon],
                      colour);
        }
    }
}

/* The geoms that are seen, the furthest first; how many there are. */
static int sort_geoms(const struct camera *camera, const mjModel *model, const mjData *data, int sorted[MOST_GEOMS])
{
    int count = 0;

    for (int geom = 0; geom < model->ngeom && count < MOST_GEOMS; geom++) {
        if (model->geom_type[geom] == mjGEOM_PLANE || model->geom_group[geom] >= SHOWN_GROUPS ||
            rgba_of(model, geom)[3] <= 0) {
            continue;
        }
        int at = count++;
        for (;
             at > 0 && depth(camera, &data->geom_xpos[3 * sorted[at - 1]]) < depth(camera, &data->geom_xpos[3 * geom]);
             at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = geom;
    }
    return count;
}

void side_view_draw(const struct side_view *view, const mjModel *model, const mjData *data, struct picture *picture)
{
    struct camera camera = {view, picture, view->x, SIDE_VIEW_ROWS / view->height};
    int sorted[MOST_GEOMS];

    if (view->followed != NULL) {
        camera.x += data->xpos[3 * mujoco.mj_name2id(model, mjOBJ_BODY, view->followed)];
    }
    picture_rectangle(picture, (struct picture_point){0, 0}, (struct picture_point){SIDE_VIEW_COLUMNS, SIDE_VIEW_ROWS},
                      SKY);
    if (!view->is_from_above) {
        draw_ground(&camera);
    }
    draw_tendons(&camera, model, data);
    const int count = sort_geoms(&camera, model, data, sorted);
    for (int i = 0; i < count; i++) {
        draw_geom(&camera, model, data, sorted[i]);
    }
}
