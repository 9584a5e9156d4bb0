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
#define ENEMY_BULLETS 1    /* one every tenth step, and each is gone when the next one comes */
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

/* Without branches: what a player does, nobody could foresee. */
static inline void act(struct space_invaders *game, int32_t action)
{
    const uint64_t fires = (action == MINATAR_FIRE) & (game->shot_timer == 0);

    game->friendly_bullets.half[1] |= fires << (LAST_ROW_SHIFT + game->cannon_x);
    game->shot_timer = (int8_t)minatar_choose((uint32_t)fires, SHOT_INTERVAL, game->shot_timer);
    game->cannon_x = (int8_t)minatar_clamp(game->cannon_x + minatar_right(action), 0, 9);
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

/* The alien column nearest the cannon, the left one of two. There always is one. */
static uint32_t nearest_column(const struct space_invaders *game)
{
    const uint32_t cannon = (uint32_t)game->cannon_x;
    uint64_t columns = game->aliens.half[0] | game->aliens.half[1];

    columns = (columns | columns >> 10 | columns >> 20 | columns >> 30 | columns >> 40) & ROW_MASK;
    const uint64_t to_the_left = columns & (((uint64_t)2 << cannon) - 1);
    const uint64_t to_the_right = columns >> cannon;
    const uint32_t left = to_the_left ? minatar_highest_bit(to_the_left) : cannon - MINATAR_SIDE;
    const uint32_t right = cannon + (to_the_right ? minatar_lowest_bit(to_the_right) : MINATAR_SIDE);
    return cannon - left <= right - cannon ? left : right;
}

/* The lowest alien of that column shoots. */
static void enemy_shot(struct space_invaders *game)
{
    const uint64_t column = LEFT_COLUMN << nearest_column(game);
    const uint32_t half = (game->aliens.half[1] & column) != 0;

    game->enemy_bullets.half[half] |= (uint64_t)1 << minatar_highest_bit(game->aliens.half[half] & column);
    game->enemy_shot_timer = ENEMY_SHOT_INTERVAL;
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

static MINATAR_INLINE int32_t play(struct space_invaders *game, int32_t action)
{

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
    game->shot_timer = (int8_t)(game->shot_timer - (game->shot_timer > 0));
    game->move_timer--;
    game->enemy_shot_timer--;
    if (game->alien_count == 0) {
        if (game->frame.ramping && game->move_interval > LAST_MOVE_INTERVAL)
            game->move_interval--;
        fill_aliens(game);
    }
    return reward;
}

static MINATAR_INLINE void space_invaders_advance(void *const *selves, uint32_t width, uint32_t count,
                                                  const uint8_t *actions, uint8_t *rewards)
{
    (void)width;
    for (uint32_t i = 0; i < count; i++)
        rewards[i] = (uint8_t)play(selves[i], actions[i]);
}

/* Shows the first bullet of a board and takes it off. Without branches, as bullets come and go: where there is none,
 * the bit that is set to nothing is the last cell's. */
static inline void show_bullet(unsigned char *observation, struct board *bullets, enum channel channel)
{
    const uint32_t half = bullets->half[0] == 0;
    const uint64_t bits = bullets->half[half];
    const uint32_t cell = half * HALF_CELLS + minatar_lowest_bit(bits | (uint64_t)1 << (HALF_CELLS - 1));
    const uint32_t bit = cell * CHANNELS + channel;
    const uint32_t is_there = bits != 0;

    observation[bit / 8] |= (unsigned char)(is_there << bit % 8);
    bullets->half[half] = bits & (bits - 1);
}

static MINATAR_INLINE void space_invaders_observe(const void *self, unsigned char *observation)
{
    const struct space_invaders *game = self;
    struct board friendly_bullets = game->friendly_bullets;
    struct board enemy_bullets = game->enemy_bullets;

    memcpy(observation, game->alien_image, OBSERVATION_BYTES);
    minatar_set_bit(observation, (uint32_t)(CANNON_Y * MINATAR_SIDE + game->cannon_x) * CHANNELS + CANNON);
    show_bullet(observation, &friendly_bullets, FRIENDLY_BULLET);
    show_bullet(observation, &friendly_bullets, FRIENDLY_BULLET);
    show_bullet(observation, &enemy_bullets, ENEMY_BULLET);
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
    saved_state_require(state, count_cells(&game->enemy_bullets) <= ENEMY_BULLETS, "at most one enemy bullet");
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
