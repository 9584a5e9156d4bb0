/* Asterix: collect gold and avoid enemies that sweep along eight rows. */
#include "frame.h"

enum channel { PLAYER, ENEMY, TRAIL, GOLD, CHANNELS };

#define SLOTS 8 /* slot i is row i + 1 */
#define ROW_BYTES (MINATAR_SIDE * CHANNELS / 8)
#define FIRST_SPAWN_SPEED 10
#define FIRST_MOVE_SPEED 5
#define RAMP_INTERVAL 100
#define LAST_RAMP_INDEX 1000 /* far beyond what ramping can reach */

struct asterix {
    struct minatar_frame frame;
    int8_t slot_x[SLOTS];
    int8_t slot_step[SLOTS]; /* -1 or 1; 0 in an empty slot */
    int8_t slot_gold[SLOTS];
    int8_t player_x, player_y;
    int8_t spawn_speed, spawn_timer;
    int8_t move_speed, move_timer;
    int8_t ramp_timer;
    uint8_t moved; /* within a step: the rows are to be drawn again */
    int32_t ramp_index;
    /* Rows 1..8 of the observation without the player; the last bytes let rows be stored as whole words. */
    unsigned char rows[SLOTS * ROW_BYTES + 8 - ROW_BYTES];
};

static const struct minatar_channel channels[CHANNELS] = {
    [PLAYER] = {"player", COLOUR_WHITE},
    [ENEMY] = {"enemy", COLOUR_VERMILLION},
    [TRAIL] = {"trail", COLOUR_GREY},
    [GOLD] = {"gold", COLOUR_YELLOW},
};

/* The 40 bits of a row of the observation: of an enemy or gold, by its heading + 1 and column. Empty slots head
 * nowhere. */
#define BIT(X, CHANNEL) ((X) < 0 || (X) > 9 ? 0 : (uint64_t)1 << (((X) + 10) % 10 * CHANNELS + (CHANNEL)))
#define ROW(STEP, X, CHANNEL) BIT(X, CHANNEL) | BIT((X) - (STEP), TRAIL)
#define ROWS(STEP, CHANNEL)                                                                                            \
    {                                                                                                                  \
        ROW(STEP, 0, CHANNEL), ROW(STEP, 1, CHANNEL), ROW(STEP, 2, CHANNEL), ROW(STEP, 3, CHANNEL),                    \
            ROW(STEP, 4, CHANNEL), ROW(STEP, 5, CHANNEL), ROW(STEP, 6, CHANNEL), ROW(STEP, 7, CHANNEL),                \
            ROW(STEP, 8, CHANNEL), ROW(STEP, 9, CHANNEL)                                                               \
    }

static const uint64_t row_bits[2][3][MINATAR_SIDE] = {
    {ROWS(-1, ENEMY), {0}, ROWS(1, ENEMY)},
    {ROWS(-1, GOLD), {0}, ROWS(1, GOLD)},
};

/* In rising order: each word's surplus bytes are overwritten by the next row, or lie after the last. */
static void draw_rows(struct asterix *game)
{
    for (int i = 0; i < SLOTS; i++)
        minatar_store64(game->rows + i * ROW_BYTES,
                        row_bits[game->slot_gold[i]][game->slot_step[i] + 1][game->slot_x[i]]);
    game->moved = 0;
}

static void asterix_begin(void *self)
{
    struct asterix *game = self;

    memset(game->slot_x, 0, sizeof game->slot_x);
    memset(game->slot_step, 0, sizeof game->slot_step);
    memset(game->slot_gold, 0, sizeof game->slot_gold);
    game->player_x = 5;
    game->player_y = 5;
    game->spawn_speed = FIRST_SPAWN_SPEED;
    game->spawn_timer = FIRST_SPAWN_SPEED;
    game->move_speed = FIRST_MOVE_SPEED;
    game->move_timer = FIRST_MOVE_SPEED;
    game->ramp_timer = RAMP_INTERVAL;
    game->ramp_index = 0;
    draw_rows(game);
}

static void spawn(struct asterix *game)
{
    bool right = numpy_random_state_sample(&game->frame.random) < 1.0 / 2;
    bool gold = numpy_random_state_sample(&game->frame.random) < 1.0 / 3;
    int8_t empty[SLOTS];
    int32_t count = 0;

    for (int8_t i = 0; i < SLOTS; i++) {
        if (!game->slot_step[i])
            empty[count++] = i;
    }
    if (count == 0)
        return;
    int32_t slot = empty[numpy_random_state_integer(&game->frame.random, 0, count)];
    game->slot_x[slot] = right ? 0 : 9;
    game->slot_step[slot] = right ? 1 : -1;
    game->slot_gold[slot] = gold;
    game->moved = 1;
}

/* What stands on the player is collected or ends the game. Returns the reward. */
static int32_t meet_player(struct asterix *game)
{
    int32_t slot = game->player_y - 1;

    if (!game->slot_step[slot] || game->slot_x[slot] != game->player_x)
        return 0;
    if (!game->slot_gold[slot]) {
        game->frame.ended = 1;
        return 0;
    }
    game->slot_step[slot] = 0;
    game->moved = 1;
    return 1;
}

static void move_slots(struct asterix *game)
{
    for (int i = 0; i < SLOTS; i++) {
        int32_t x = game->slot_x[i] + game->slot_step[i];
        bool inside = x >= 0 && x <= 9;
        game->slot_x[i] = (int8_t)(inside ? x : 0);
        game->slot_step[i] = (int8_t)(inside ? game->slot_step[i] : 0);
    }
    game->moved = 1;
}

static void ramp(struct asterix *game)
{
    if (game->spawn_speed <= 1 && game->move_speed <= 1)
        return;
    if (game->ramp_timer >= 0) {
        game->ramp_timer--;
        return;
    }
    if (game->move_speed > 1 && game->ramp_index % 2)
        game->move_speed--;
    if (game->spawn_speed > 1)
        game->spawn_speed--;
    game->ramp_index++;
    game->ramp_timer = RAMP_INTERVAL;
}

static int32_t asterix_advance(void *self, int32_t action)
{
    struct asterix *game = self;
    int32_t reward = 0;

    if (game->spawn_timer == 0) {
        spawn(game);
        game->spawn_timer = game->spawn_speed;
    }
    int32_t x = game->player_x + (action == MINATAR_RIGHT) - (action == MINATAR_LEFT);
    int32_t y = game->player_y + (action == MINATAR_DOWN) - (action == MINATAR_UP);
    game->player_x = (int8_t)minatar_clamp(x, 0, 9);
    game->player_y = (int8_t)minatar_clamp(y, 1, SLOTS);
    reward += meet_player(game);
    if (game->move_timer == 0) {
        game->move_timer = game->move_speed;
        move_slots(game);
        reward += meet_player(game);
    }
    game->spawn_timer--;
    game->move_timer--;
    if (game->frame.ramping)
        ramp(game);
    if (game->moved)
        draw_rows(game);
    return reward;
}

static void asterix_observe(const void *self, unsigned char *observation)
{
    const struct asterix *game = self;
    uint32_t cell = (uint32_t)(game->player_y * MINATAR_SIDE + game->player_x);

    memset(observation, 0, ROW_BYTES);
    memcpy(observation + ROW_BYTES, game->rows, SLOTS * ROW_BYTES);
    memset(observation + (SLOTS + 1) * ROW_BYTES, 0, ROW_BYTES);
    minatar_set_bit(observation, cell * CHANNELS + PLAYER);
}

static void asterix_fields(void *self, struct saved_state *state)
{
    struct asterix *game = self;

    for (int i = 0; i < SLOTS; i++) {
        saved_state_i8(state, "slot x", &game->slot_x[i], 0, 9);
        saved_state_i8(state, "slot heading", &game->slot_step[i], -1, 1);
        saved_state_i8(state, "slot gold", &game->slot_gold[i], 0, 1);
    }
    saved_state_i8(state, "player x", &game->player_x, 0, 9);
    saved_state_i8(state, "player y", &game->player_y, 1, SLOTS);
    saved_state_i8(state, "spawn speed", &game->spawn_speed, 1, FIRST_SPAWN_SPEED);
    saved_state_i8(state, "spawn timer", &game->spawn_timer, 0, FIRST_SPAWN_SPEED);
    saved_state_i8(state, "move speed", &game->move_speed, 1, FIRST_MOVE_SPEED);
    saved_state_i8(state, "move timer", &game->move_timer, 0, FIRST_MOVE_SPEED);
    saved_state_i8(state, "ramp timer", &game->ramp_timer, -1, RAMP_INTERVAL);
    saved_state_i32(state, "ramp index", &game->ramp_index, 0, LAST_RAMP_INDEX);
    draw_rows(game);
}

static const struct minatar_game asterix_game = {
    .id = "minatar/asterix",
    .bytes = sizeof(struct asterix),
    .channel_count = CHANNELS,
    .channels = channels,
    .minimal_count = 5,
    .minimal = {MINATAR_NONE, MINATAR_LEFT, MINATAR_UP, MINATAR_RIGHT, MINATAR_DOWN},
    .reward_high = 1,
    .begin = asterix_begin,
    .observe = asterix_observe,
    .fields = asterix_fields,
};

MINATAR_DEFINE_TYPE(asterix, "Collect gold and keep out of the enemies' way");
