/* Space Invaders: a cannon under a block of aliens that comes down step by step. */
#include "frame.h"

enum channel { CANNON, ALIEN, ALIEN_LEFT, ALIEN_RIGHT, FRIENDLY_BULLET, ENEMY_BULLET, CHANNELS };

#define CANNON_Y 9
#define FIRST_MOVE_INTERVAL 12
#define LAST_MOVE_INTERVAL 6
#define ENEMY_SHOT_INTERVAL 10
#define SHOT_INTERVAL 5
#define ALIENS 24
#define FRIENDLY_BULLETS 2 /* one every fifth step, and each is gone after nine */
#define OBSERVATION_BYTES 75

/* One bit a cell in two halves: rows 0..4 and rows 5..9, bit = row within the half * 10 + x. */
struct board {
    uint64_t half[2];
};

#define HALF_ROWS 5
#define HALF_CELLS 50
#define HALF_MASK (((uint64_t)1 << HALF_CELLS) - 1)
#define ROW_MASK ((uint64_t)0x3ff)
#define LAST_ROW_SHIFT (HALF_CELLS - MINATAR_SIDE)
#define LEFT_COLUMN ((uint64_t)0x10040100401) /* x = 0 in all rows of a half */
#define RIGHT_COLUMN (LEFT_COLUMN << 9)
#define FIRST_ALIENS ((uint64_t)0x3f0fc3f0fc) /* rows 0..3, columns 2..7 */

struct space_invaders {
    struct minatar_frame frame;
    struct board aliens;
    struct board friendly_bullets;
    struct board enemy_bullets;
    int8_t cannon_x;
    int8_t alien_step; /* the aliens' heading, -1 or 1 */
    int8_t alien_count;
    int8_t move_interval;
    int8_t move_timer;
    int8_t enemy_shot_timer;
    int8_t shot_timer;
    /* The observation of the aliens alone; the last bytes let rows be stored as whole words. */
    unsigned char alien_image[OBSERVATION_BYTES + 5];
};

static const struct minatar_channel channels[CHANNELS] = {
    [CANNON] = {"cannon", COLOUR_WHITE},
    [ALIEN] = {"alien", COLOUR_GREEN},
    [ALIEN_LEFT] = {"alien moving left", COLOUR_SKY_BLUE},
    [ALIEN_RIGHT] = {"alien moving right", COLOUR_BLUE},
    [FRIENDLY_BULLET] = {"friendly bullet", COLOUR_YELLOW},
    [ENEMY_BULLET] = {"enemy bullet", COLOUR_VERMILLION},
};

static uint64_t cell_bit(int32_t x, int32_t y)
{
    return (uint64_t)1 << (y % HALF_ROWS * MINATAR_SIDE + x);
}

static bool has(const struct board *board, int32_t x, int32_t y)
{
    return board->half[y / HALF_ROWS] & cell_bit(x, y);
}

static void put(struct board *board, int32_t x, int32_t y)
{
    board->half[y / HALF_ROWS] |= cell_bit(x, y);
}

/* One row towards the cannon; returns what left row 9, as a row. */
static uint64_t shift_down(struct board *board)
{
    uint64_t left = board->half[1] >> LAST_ROW_SHIFT;

    board->half[1] = (board->half[1] << MINATAR_SIDE & HALF_MASK) | board->half[0] >> LAST_ROW_SHIFT;
    board->half[0] = board->half[0] << MINATAR_SIDE & HALF_MASK;
    return left;
}

static void shift_up(struct board *board)
{
    board->half[0] = board->half[0] >> MINATAR_SIDE | (board->half[1] & ROW_MASK) << LAST_ROW_SHIFT;
    board->half[1] = board->half[1] >> MINATAR_SIDE;
}

/* Sets bit 6x for each bit x of a row, five columns at a time: as five columns and six channels share no factor, the
 * product puts each column into a place of its own, without carries. */
static uint64_t spread_row(uint64_t row)
{
    const uint64_t copies = 0x108421;   /* bits 0, 5, 10, 15, 20 */
    const uint64_t columns = 0x1041041; /* bits 0, 6, 12, 18, 24 */

    return ((row & 0x1f) * copies & columns) | ((row >> 5 & 0x1f) * copies & columns) << 5 * CHANNELS;
}

/* Pairs of rows, 15 bytes each, in rising order: surplus bytes are overwritten by the next pair. */
static void draw_aliens(struct space_invaders *game)
{
    const uint64_t channel_bits = (1u << ALIEN) + (game->alien_step < 0 ? 1u << ALIEN_LEFT : 1u << ALIEN_RIGHT);

    for (int y = 0; y < MINATAR_SIDE; y += 2) {
        uint64_t row[2];
        for (int i = 0; i < 2; i++) {
            uint64_t aliens = game->aliens.half[(y + i) / HALF_ROWS] >> (y + i) % HALF_ROWS * MINATAR_SIDE & ROW_MASK;
            row[i] = spread_row(aliens) * channel_bits;
        }
        unsigned char *bytes = game->alien_image + y / 2 * 15;
        minatar_store64(bytes, row[0] | row[1] << 60);
        minatar_store64(bytes + 8, row[1] >> 4);
    }
}

static void fill_aliens(struct space_invaders *game)
{
    game->aliens = (struct board){{FIRST_ALIENS, 0}};
    game->alien_count = ALIENS;
    draw_aliens(game);
}

static void space_invaders_begin(void *self)
{
    struct space_invaders *game = self;

    game->friendly_bullets = (struct board){{0, 0}};
    game->enemy_bullets = (struct board){{0, 0}};
    game->cannon_x = 5;
    game->alien_step = -1;
    game->move_interval = FIRST_MOVE_INTERVAL;
    game->move_timer = FIRST_MOVE_INTERVAL;
    game->enemy_shot_timer = ENEMY_SHOT_INTERVAL;
    game->shot_timer = 0;
    fill_aliens(game);
}

static void act(struct space_invaders *game, int32_t action)
{
    if (action == MINATAR_FIRE && game->shot_timer == 0) {
        put(&game->friendly_bullets, game->cannon_x, CANNON_Y);
        game->shot_timer = SHOT_INTERVAL;
    }
    int32_t x = game->cannon_x + (action == MINATAR_RIGHT) - (action == MINATAR_LEFT);
    game->cannon_x = (int8_t)minatar_clamp(x, 0, 9);
}

static void move_aliens(struct space_invaders *game)
{
    struct board *aliens = &game->aliens;
    uint64_t edge = game->alien_step < 0 ? LEFT_COLUMN : RIGHT_COLUMN;

    game->move_timer = game->alien_count < game->move_interval ? game->alien_count : game->move_interval;
    if ((aliens->half[0] | aliens->half[1]) & edge) {
        game->alien_step = (int8_t)-game->alien_step;
        uint64_t landed = shift_down(aliens);
        if (landed)
            game->frame.ended = 1;
        aliens->half[0] |= landed;
    } else if (game->alien_step < 0) {
        aliens->half[0] >>= 1;
        aliens->half[1] >>= 1;
    } else {
        aliens->half[0] <<= 1;
        aliens->half[1] <<= 1;
    }
    draw_aliens(game);
}

/* The alien column nearest the cannon, the left one of two. */
static int32_t nearest_column(const struct space_invaders *game)
{
    uint64_t columns = game->aliens.half[0] | game->aliens.half[1];

    columns |= columns >> 10 | columns >> 20 | columns >> 30 | columns >> 40;
    for (int32_t distance = 0; distance < MINATAR_SIDE; distance++) {
        int32_t left = game->cannon_x - distance;
        int32_t right = game->cannon_x + distance;
        if (left >= 0 && columns >> left & 1)
            return left;
        if (right <= 9 && columns >> right & 1)
            return right;
    }
    return game->cannon_x;
}

static void enemy_shot(struct space_invaders *game)
{
    int32_t x = nearest_column(game);

    game->enemy_shot_timer = ENEMY_SHOT_INTERVAL;
    for (int32_t y = 9; y >= 0; y--) {
        if (has(&game->aliens, x, y)) {
            put(&game->enemy_bullets, x, y);
            return;
        }
    }
}

/* Aliens and friendly bullets in one cell destroy each other. Returns how many did. */
static int32_t hit_aliens(struct space_invaders *game)
{
    int32_t count = 0;

    for (int i = 0; i < 2; i++) {
        uint64_t hits = game->aliens.half[i] & game->friendly_bullets.half[i];
        game->aliens.half[i] ^= hits;
        game->friendly_bullets.half[i] ^= hits;
        for (; hits; hits &= hits - 1)
            count++;
    }
    if (count) {
        game->alien_count = (int8_t)(game->alien_count - count);
        draw_aliens(game);
    }
    return count;
}

static int32_t space_invaders_advance(void *self, int32_t action)
{
    struct space_invaders *game = self;

    act(game, action);
    shift_up(&game->friendly_bullets);
    shift_down(&game->enemy_bullets);
    if (has(&game->enemy_bullets, game->cannon_x, CANNON_Y) || has(&game->aliens, game->cannon_x, CANNON_Y))
        game->frame.ended = 1;
    if (game->move_timer == 0) {
        move_aliens(game);
        if (has(&game->aliens, game->cannon_x, CANNON_Y))
            game->frame.ended = 1;
    }
    if (game->enemy_shot_timer == 0)
        enemy_shot(game);
    int32_t reward = hit_aliens(game);
    if (game->shot_timer > 0)
        game->shot_timer--;
    game->move_timer--;
    game->enemy_shot_timer--;
    if (game->alien_count == 0) {
        if (game->frame.ramping && game->move_interval > LAST_MOVE_INTERVAL)
            game->move_interval--;
        fill_aliens(game);
    }
    return reward;
}

static void mark_bullets(unsigned char *observation, const struct board *bullets, enum channel channel)
{
    for (uint32_t i = 0; i < 2; i++) {
        uint64_t left = bullets->half[i];
        for (uint32_t bit; left; left &= left - 1) {
            bit = minatar_lowest_bit(left);
            minatar_set_bit(observation, (i * HALF_CELLS + bit) * CHANNELS + channel);
        }
    }
}

static void space_invaders_observe(const void *self, unsigned char *observation)
{
    const struct space_invaders *game = self;

    memcpy(observation, game->alien_image, OBSERVATION_BYTES);
    minatar_set_bit(observation, (uint32_t)(CANNON_Y * MINATAR_SIDE + game->cannon_x) * CHANNELS + CANNON);
    mark_bullets(observation, &game->friendly_bullets, FRIENDLY_BULLET);
    mark_bullets(observation, &game->enemy_bullets, ENEMY_BULLET);
}

static void board_field(struct saved_state *state, const char *name, struct board *board)
{
    saved_state_u64(state, name, &board->half[0], 0, HALF_MASK);
    saved_state_u64(state, name, &board->half[1], 0, HALF_MASK);
}

static int32_t count_cells(const struct board *board)
{
    int32_t count = 0;

    for (int i = 0; i < 2; i++) {
        for (uint64_t left = board->half[i]; left; left &= left - 1)
            count++;
    }
    return count;
}

static void space_invaders_fields(void *self, struct saved_state *state)
{
    struct space_invaders *game = self;

    board_field(state, "aliens", &game->aliens);
    board_field(state, "friendly bullets", &game->friendly_bullets);
    board_field(state, "enemy bullets", &game->enemy_bullets);
    saved_state_i8(state, "cannon x", &game->cannon_x, 0, 9);
    saved_state_i8(state, "alien heading", &game->alien_step, -1, 1);
    saved_state_i8(state, "alien count", &game->alien_count, 1, ALIENS);
    saved_state_i8(state, "move interval", &game->move_interval, LAST_MOVE_INTERVAL, FIRST_MOVE_INTERVAL);
    saved_state_i8(state, "move timer", &game->move_timer, 0, FIRST_MOVE_INTERVAL);
    saved_state_i8(state, "enemy shot timer", &game->enemy_shot_timer, 0, ENEMY_SHOT_INTERVAL);
    saved_state_i8(state, "shot timer", &game->shot_timer, 0, SHOT_INTERVAL);
    saved_state_require(state, count_cells(&game->friendly_bullets) <= FRIENDLY_BULLETS,
                        "at most two friendly bullets");
    saved_state_require(state, game->alien_step != 0, "the aliens have a heading");
    saved_state_require(state, count_cells(&game->aliens) == game->alien_count, "as many aliens as the count says");
    draw_aliens(game);
}

static const struct minatar_game space_invaders_game = {
    .id = "minatar/space_invaders",
    .bytes = sizeof(struct space_invaders),
    .channel_count = CHANNELS,
    .channels = channels,
    .minimal_count = 4,
    .minimal = {MINATAR_NONE, MINATAR_LEFT, MINATAR_RIGHT, MINATAR_FIRE},
    .reward_high = FRIENDLY_BULLETS,
    .begin = space_invaders_begin,
    .observe = space_invaders_observe,
    .fields = space_invaders_fields,
};

MINATAR_DEFINE_TYPE(space_invaders, "Shoot the aliens before they reach the cannon");
