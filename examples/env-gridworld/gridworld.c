/* A grid world: from the top left corner to the goal G, around the holes X. Eight steps are enough. */
#include <arq/env.h>

#include <stdlib.h>
#include <string.h>

#define SIDE 5
#define TIME_LIMIT 50

static const char map[] = "...X.\n.X...\n...X.\n.X.X.\n....G\n";

struct grid {
    int32_t row, column;
    uint32_t elapsed; /* steps of this episode */
};

static char place(const struct grid *grid)
{
    return map[grid->row * (SIDE + 1) + grid->column];
}

static void observe(const struct grid *grid, void *observation)
{
    unsigned char *bytes = observation;
    uint32_t bit = (uint32_t)(grid->row * SIDE + grid->column);
    memset(bytes, 0, (SIDE * SIDE + 7) / 8);
    bytes[bit / 8] = (unsigned char)(1u << bit % 8);
}

static arq_status grid_spec(void *self, arq_env_spec *spec)
{
    (void)self;
    spec->observation_kind = ARQ_OBSERVATION_BIT; /* one bit a cell: where the player is */
    spec->observation_size = SIDE * SIDE;
    spec->action_kind = ARQ_ACTION_DISCRETE;
    spec->action_count = 4;
    spec->time_limit = TIME_LIMIT;
    return ARQ_OK;
}

static arq_status grid_reset(void *self, const uint64_t *seed, void *observation)
{
    struct grid *grid = self;
    (void)seed; /* nothing here is random */
    memset(grid, 0, sizeof(*grid));
    observe(grid, observation);
    return ARQ_OK;
}

static arq_status grid_step(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,
                            int32_t *truncated)
{
    static const int32_t down[] = {-1, 0, 1, 0}, right[] = {0, 1, 0, -1};
    struct grid *grid = self;
    if (place(grid) != '.' || grid->elapsed >= TIME_LIMIT) {
        return ARQ_E_ORDER; /* the episode has ended */
    }
    int32_t row = grid->row + down[action], column = grid->column + right[action];
    if (row >= 0 && row < SIDE && column >= 0 && column < SIDE) {
        grid->row = row;
        grid->column = column;
    }
    grid->elapsed++;
    observe(grid, observation);
    *terminated = place(grid) != '.';
    *truncated = grid->elapsed >= TIME_LIMIT;
    *reward = place(grid) == 'G';
    return ARQ_OK;
}

static arq_status grid_create(void *user, const double *options, void **self, char *error, size_t error_size)
{
    (void)user;
    (void)options;
    *self = calloc(1, sizeof(struct grid));
    strncpy(error, *self == NULL ? "no memory for a grid world" : "", error_size);
    return *self == NULL ? ARQ_E_NOMEM : ARQ_OK;
}

static const arq_env_methods methods = {
    .struct_size = sizeof(methods), .spec = grid_spec, .reset = grid_reset, .step = grid_step, .destroy = free};

static const arq_env_type gridworld = {.struct_size = sizeof(gridworld),
                                       .id = "example/gridworld",
                                       .doc = "Reach the goal around the holes in eight steps",
                                       .methods = &methods,
                                       .create = grid_create};

static const arq_env_type *const types[] = {&gridworld};

static const arq_plugin plugin = {.struct_size = sizeof(plugin),
                                  .abi_version = ARQ_ABI_VERSION,
                                  .name = "example",
                                  .version = "1.0",
                                  .type_count = 1,
                                  .types = types};

ARQ_PLUGIN_EXPORT const arq_plugin *arq_plugin_entry(uint32_t abi_version);

const arq_plugin *arq_plugin_entry(uint32_t abi_version)
{
    (void)abi_version; /* the table says which it was made for */
    return &plugin;
}
