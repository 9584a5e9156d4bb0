/* Frozen lake, as Gymnasium's FrozenLake-v1 with its two maps. */
#include "frame.h"

#define TILE 6 /* cells of the picture a side */
#define LARGEST_SIDE 8

enum option { MAP, SLIPPERY, LIMIT, OPTIONS };
enum action { LEFT, DOWN, RIGHT, UP, ACTIONS };

struct lake {
    int32_t side;
    uint64_t limit;
    const char *tiles; /* S start, F frozen, H hole, G goal; row after row */
};

static const struct lake lakes[] = {
    {4, 100, "SFFFFHFHFFFHHFFG"},
    {8, 200, "SFFFFFFFFFFFFFFFFFFHFFFFFFFFFHFFFFFHFFFFFHHFFFHFFHFFHFHFFFFHFFFG"},
};

struct frozenlake {
    struct classic_frame frame;
    const struct lake *lake;
    bool slippery;
    int32_t position; /* row * side + column */
};

static const arq_env_option frozenlake_options[OPTIONS] = {
    [MAP] = {.struct_size = sizeof(arq_env_option),
             .type = ARQ_OPTION_CHOICE,
             .name = "map",
             .low = 0,
             .high = 1,
             .default_value = 0,
             .choices = "4x4|8x8",
             .doc = "Which lake"},
    [SLIPPERY] = {.struct_size = sizeof(arq_env_option),
                  .type = ARQ_OPTION_BOOL,
                  .name = "slippery",
                  .low = 0,
                  .high = 1,
                  .default_value = 1,
                  .doc = "Whether two moves of three slide to one side or the other"},
    [LIMIT] = {.struct_size = sizeof(arq_env_option),
               .type = ARQ_OPTION_INT,
               .name = "limit",
               .low = 0,
               .high = CLASSIC_LARGEST_LIMIT,
               .default_value = 0,
               .doc = "Steps after which an episode is truncated; 0: 100 for 4x4, 200 for 8x8"},
};

static void configure(void *self, const double *options)
{
    struct frozenlake *task = self;

    task->lake = &lakes[options[MAP] != 0];
    task->slippery = options[SLIPPERY] != 0;
    task->frame.limit = options[LIMIT] > 0 ? (uint64_t)options[LIMIT] : task->lake->limit;
}

static void describe(const void *self, arq_env_spec *spec)
{
    const struct frozenlake *task = self;

    spec->observation_size = (uint32_t)(task->lake->side * task->lake->side);
}

/* Gymnasium draws the start state although there is only one, and the outcome of a step that is certain, too. */
static void begin(void *self)
{
    struct frozenlake *task = self;

    pcg64_random(&task->frame.random);
    task->position = 0;
}

static int32_t slide(struct frozenlake *task, int32_t action)
{
    double draw = pcg64_random(&task->frame.random);

    if (!task->slippery) {
        return action;
    }
    if (draw < 0.33333333333333337) {
        return (action + 3) % ACTIONS;
    }
    return draw < 0.6666666666666667 ? action : (action + 1) % ACTIONS;
}

static double advance(void *self, int32_t action, int32_t *terminated)
{
    struct frozenlake *task = self;
    int32_t side = task->lake->side;
    int32_t row = task->position / side;
    int32_t column = task->position % side;
    int32_t direction = slide(task, action);

    if (direction == LEFT && column > 0) {
        column--;
    } else if (direction == DOWN && row < side - 1) {
        row++;
    } else if (direction == RIGHT && column < side - 1) {
        column++;
    } else if (direction == UP && row > 0) {
        row--;
    }
    task->position = row * side + column;
    char tile = task->lake->tiles[task->position];
    *terminated = tile == 'H' || tile == 'G';
    return tile == 'G';
}

static void observe(const void *self, void *observation)
{
    *(int32_t *)observation = ((const struct frozenlake *)self)->position;
}

static void fields(void *self, struct saved_state *state)
{
    struct frozenlake *task = self;

    saved_state_i32(state, "position", &task->position, 0, task->lake->side * task->lake->side - 1);
}

static uint32_t tile_colour(char tile)
{
    switch (tile) {
    case 'H':
        return COLOUR_BLUE;
    case 'G':
        return COLOUR_YELLOW;
    case 'S':
        return COLOUR_LIGHT_GREY;
    default:
        return COLOUR_WHITE;
    }
}

static void draw(const void *self, struct picture *picture)
{
    const struct frozenlake *task = self;
    int32_t side = task->lake->side;
    double cells = (double)TILE * LARGEST_SIDE / side; /* a tile's side: both lakes fill the picture */

    for (int32_t i = 0; i < side * side; i++) {
        struct picture_point corner = {i % side * cells, i / side * cells};
        struct picture_point opposite = {corner.x + cells * 0.95, corner.y + cells * 0.95};
        picture_rectangle(picture, corner, opposite, tile_colour(task->lake->tiles[i]));
    }
    struct picture_point middle = {(task->position % side + 0.475) * cells, (task->position / side + 0.475) * cells};
    picture_line(picture, middle, middle, cells * 0.5, COLOUR_VERMILLION);
}

static const char *const action_names[ACTIONS] = {"left", "down", "right", "up"};

static const struct classic_task frozenlake_task = {
    .id = "classic/frozenlake",
    .bytes = sizeof(struct frozenlake),
    .spec = {.observation_kind = ARQ_OBSERVATION_DISCRETE,
             .action_kind = ARQ_ACTION_DISCRETE,
             .action_count = ACTIONS,
             .reward_range_known = 1,
             .reward_low = 0,
             .reward_high = 1},
    .action_names = action_names,
    .options = frozenlake_options,
    .option_count = OPTIONS,
    .picture_columns = TILE * LARGEST_SIDE,
    .picture_rows = TILE * LARGEST_SIDE,
    .configure = configure,
    .describe = describe,
    .begin = begin,
    .advance = advance,
    .observe = observe,
    .fields = fields,
    .draw = draw,
};

CLASSIC_DEFINE_TYPE(frozenlake, "Cross a frozen lake without falling into a hole (Gymnasium's FrozenLake-v1)");
