/* Space Invaders: a cannon under a block of aliens that comes down step by step. */
#include "lanes.h"

enum channel { CANNON, ALIEN, ALIEN_LEFT, ALIEN_RIGHT, FRIENDLY_BULLET, ENEMY_BULLET, CHANNELS };

#define CANNON_ROW 90 /* the first cell of the row that the cannon is on */
#define FIRST_MOVE_INTERVAL 12
#define LAST_MOVE_INTERVAL 6
#define ENEMY_SHOT_INTERVAL 10
#define SHOT_INTERVAL 5
#define ALIENS 24
#define FRIENDLY_BULLETS 2 /* one every fifth step, and each is gone after nine */
#define ENEMY_BULLETS 1    /* one every tenth step, and each is gone when the next one comes */
#define OBSERVATION_BYTES 75

/* Boards have one bit a cell, in two halves: rows 0..4 and rows 5..9, bit = row within the half * 10 + x. */
#define HALVES 2
#define HALF_ROWS 5
#define HALF_CELLS 50
#define HALF_MASK (((uint64_t)1 << HALF_CELLS) - 1)
#define ROW_MASK ((uint64_t)0x3ff)
#define LAST_ROW_SHIFT (HALF_CELLS - MINATAR_SIDE)
#define LEFT_COLUMN ((uint64_t)0x10040100401) /* x = 0 in all rows of a half */
#define RIGHT_COLUMN (LEFT_COLUMN << 9)
#define FIRST_ALIENS ((uint64_t)0x3f0fc3f0fc) /* rows 0..3, columns 2..7 */

/* A bullet is the number of its cell, y * 10 + x. None is the number after the last cell's, where no alien ever is. */
#define NO_BULLET MINATAR_CELLS

/* The observation of the aliens alone, the first bits lowest. It changes when they do, and is copied in every step. */
#define IMAGE_WORDS 10

struct alien_image {
    uint64_t word[IMAGE_WORDS];
};

#define PROPERTIES(ONE, MANY)                                                                                          \
    ONE(uint64_t, upper_aliens)                                                                                        \
    ONE(uint64_t, lower_aliens)                                                                                        \
    ONE(struct alien_image, alien_image)                                                                               \
    ONE(uint8_t, newer_bullet) /* of the cannon's two */                                                               \
    ONE(uint8_t, older_bullet)                                                                                         \
    ONE(uint8_t, enemy_bullet)                                                                                         \
    ONE(int8_t, cannon_x)                                                                                              \
    ONE(int8_t, alien_step) /* the aliens' heading, -1 or 1 */                                                         \
    ONE(int8_t, alien_count)                                                                                           \
    ONE(int8_t, move_interval)                                                                                         \
    ONE(int8_t, move_timer)                                                                                            \
    ONE(int8_t, enemy_shot_timer)                                                                                      \
    ONE(int8_t, shot_timer)

MINATAR_DEFINE_STATE(space_invaders, PROPERTIES)

static const struct minatar_channel channels[CHANNELS] = {
    [CANNON] = {"cannon", COLOUR_WHITE},
    [ALIEN] = {"alien", COLOUR_GREEN},
    [ALIEN_LEFT] = {"alien moving left", COLOUR_SKY_BLUE},
    [ALIEN_RIGHT] = {"alien moving right", COLOUR_BLUE},
    [FRIENDLY_BULLET] = {"friendly bullet", COLOUR_YELLOW},
    [ENEMY_BULLET] = {"enemy bullet", COLOUR_VERMILLION},
};

/* Sets bit 6x for each bit x of a row, five columns at a time: as five columns and six channels share no factor, the
 * product puts each column into a place of its own, without carries. */
static uint64_t spread_row(uint64_t row)
{
    const uint64_t copies = 0x108421;   /* bits 0, 5, 10, 15, 20 */
    const uint64_t columns = 0x1041041; /* bits 0, 6, 12, 18, 24 */

    return ((row & 0x1f) * copies & columns) | ((row >> 5 & 0x1f) * copies & columns) << 5 * CHANNELS;
}

#define ROW_BITS (MINATAR_SIDE * CHANNELS)

static void draw_aliens(struct alien_image *image, uint64_t upper, uint64_t lower, int8_t step)
{
    const uint64_t channel_bits = (1u << ALIEN) + (step < 0 ? 1u << ALIEN_LEFT : 1u << ALIEN_RIGHT);
    uint64_t word[IMAGE_WORDS] = {0};

    for (uint32_t y = 0; y < MINATAR_SIDE; y++) {
        const uint64_t half = y < HALF_ROWS ? upper : lower;
        const uint64_t row = spread_row(half >> y % HALF_ROWS * MINATAR_SIDE & ROW_MASK) * channel_bits;
        const uint32_t first = y * ROW_BITS / 64, shift = y * ROW_BITS % 64;
        word[first] |= row << shift;
        if (shift + ROW_BITS > 64) {
            word[first + 1] |= row >> (64 - shift);
        }
    }
    memcpy(image->word, word, sizeof(word));
}

/* Moves the aliens of an image by one column. None is in the column at that edge. */
static void shift_image(struct alien_image *image, int8_t step)
{
    uint64_t *word = image->word;

    if (step < 0) {
        for (uint32_t i = 0; i < IMAGE_WORDS - 1; i++) {
            word[i] = word[i] >> CHANNELS | word[i + 1] << (64 - CHANNELS);
        }
        word[IMAGE_WORDS - 1] >>= CHANNELS;
    } else {
        for (uint32_t i = IMAGE_WORDS - 1; i > 0; i--) {
            word[i] = word[i] << CHANNELS | word[i - 1] >> (64 - CHANNELS);
        }
        word[0] <<= CHANNELS;
    }
}

/* Takes an alien out of an image. */
static void hide_alien(struct alien_image *image, uint32_t cell)
{
    const uint64_t every_channel = (1u << CHANNELS) - 1;
    const uint32_t word = cell * CHANNELS / 64, shift = cell * CHANNELS % 64;

    image->word[word] &= ~(every_channel << shift);
    if (shift + CHANNELS > 64) {
        image->word[word + 1] &= ~(every_channel >> (64 - shift));
    }
}

static ALWAYS_INLINE void fill_aliens(struct space_invaders_view game, uint32_t lane)
{
    game.upper_aliens[lane] = FIRST_ALIENS;
    game.lower_aliens[lane] = 0;
    game.alien_count[lane] = ALIENS;
    draw_aliens(&game.alien_image[lane], FIRST_ALIENS, 0, game.alien_step[lane]);
}

static void space_invaders_begin(void *self)
{
    struct space_invaders_state *state = &((struct space_invaders *)self)->state;

    state->newer_bullet = NO_BULLET;
    state->older_bullet = NO_BULLET;
    state->enemy_bullet = NO_BULLET;
    state->cannon_x = 5;
    state->alien_step = -1;
    state->move_interval = FIRST_MOVE_INTERVAL;
    state->move_timer = FIRST_MOVE_INTERVAL;
    state->enemy_shot_timer = ENEMY_SHOT_INTERVAL;
    state->shot_timer = 0;
    fill_aliens(space_invaders_view(state), 0);
}

static inline uint8_t one_up(uint8_t bullet)
{
    const uint8_t moved = (uint8_t)(bullet - MINATAR_SIDE);

    return moved < MINATAR_CELLS - MINATAR_SIDE ? moved : NO_BULLET;
}

static inline uint8_t one_down(uint8_t bullet)
{
    return bullet < MINATAR_CELLS - MINATAR_SIDE ? (uint8_t)(bullet + MINATAR_SIDE) : NO_BULLET;
}

/* When the cannon fires, the bullet before the last one is gone. */
static ALWAYS_INLINE void move_cannon_and_bullets(struct space_invaders_view game, struct minatar_turn turn)
{
    for (uint32_t i = 0; i < turn.width; i++) {
        const uint8_t action = turn.actions[i];
        const uint8_t newer = game.newer_bullet[i], older = game.older_bullet[i];
        const int8_t cannon_x = game.cannon_x[i], timer = game.shot_timer[i];
        const bool fires = (action == MINATAR_FIRE) & (timer == 0);
        const int8_t left = (action == MINATAR_LEFT) & (cannon_x > 0);
        const int8_t right = (action == MINATAR_RIGHT) & (cannon_x < MINATAR_SIDE - 1);
        game.newer_bullet[i] = one_up(fires ? (uint8_t)(CANNON_ROW + cannon_x) : newer);
        game.older_bullet[i] = one_up(fires ? newer : older);
        game.shot_timer[i] = (int8_t)(fires ? SHOT_INTERVAL - 1 : timer - (timer > 0));
        game.cannon_x[i] = (int8_t)(cannon_x - left + right);
    }
    for (uint32_t i = 0; i < turn.width; i++) {
        const uint8_t bullet = one_down(game.enemy_bullet[i]);
        game.enemy_bullet[i] = bullet;
        turn.ended[i] |= bullet == CANNON_ROW + game.cannon_x[i];
    }
}

/* Flags where the aliens move in this step and where one of them shoots. */
static ALWAYS_INLINE void run_alien_timers(struct space_invaders_view game, uint32_t width, uint8_t *moves,
                                           uint8_t *shoots)
{
    for (uint32_t i = 0; i < width; i++) {
        const int8_t count = game.alien_count[i], interval = game.move_interval[i];
        const int8_t move_timer = game.move_timer[i], shot_timer = game.enemy_shot_timer[i];
        const int8_t next_move = count < interval ? count : interval;
        moves[i] = move_timer == 0;
        shoots[i] = shot_timer == 0;
        game.move_timer[i] = (int8_t)((move_timer == 0 ? next_move : move_timer) - 1);
        game.enemy_shot_timer[i] = (int8_t)((shot_timer == 0 ? ENEMY_SHOT_INTERVAL : shot_timer) - 1);
    }
}

/* 0 or 1. */
static inline uint64_t alien_is_on_cannon(struct space_invaders_view game, uint64_t lane)
{
    return game.lower_aliens[lane] >> LAST_ROW_SHIFT >> (uint64_t)game.cannon_x[lane] & 1;
}

/* Turns the aliens, one row further down; row 9 goes to row 0. */
static ALWAYS_INLINE void turn_aliens(struct space_invaders_view game, struct minatar_turn turn, uint32_t lane)
{
    const uint64_t upper = game.upper_aliens[lane];
    const uint64_t lower = game.lower_aliens[lane];
    const uint64_t landed = lower >> LAST_ROW_SHIFT;

    game.alien_step[lane] = (int8_t)-game.alien_step[lane];
    game.upper_aliens[lane] = (upper << MINATAR_SIDE & HALF_MASK) | landed;
    game.lower_aliens[lane] = (lower << MINATAR_SIDE & HALF_MASK) | upper >> LAST_ROW_SHIFT;
    turn.ended[lane] |= landed != 0;
    draw_aliens(&game.alien_image[lane], game.upper_aliens[lane], game.lower_aliens[lane], game.alien_step[lane]);
}

static ALWAYS_INLINE void move_aliens(struct space_invaders_view game, struct minatar_turn turn, uint32_t lane)
{
    const int8_t step = game.alien_step[lane];
    const uint64_t edge = step < 0 ? LEFT_COLUMN : RIGHT_COLUMN;

    turn.ended[lane] |= (uint8_t)alien_is_on_cannon(game, lane);
    if ((game.upper_aliens[lane] | game.lower_aliens[lane]) & edge) {
        turn_aliens(game, turn, lane);
    } else if (step < 0) {
        game.upper_aliens[lane] >>= 1;
        game.lower_aliens[lane] >>= 1;
        shift_image(&game.alien_image[lane], step);
    } else {
        game.upper_aliens[lane] <<= 1;
        game.lower_aliens[lane] <<= 1;
        shift_image(&game.alien_image[lane], step);
    }
}

/* The alien column nearest the cannon, the left one of two. There always is one. */
static ALWAYS_INLINE uint32_t nearest_column(struct space_invaders_view game, uint32_t lane)
{
    const uint32_t cannon = (uint32_t)game.cannon_x[lane];
    uint64_t columns = game.upper_aliens[lane] | game.lower_aliens[lane];

    columns = (columns | columns >> 10 | columns >> 20 | columns >> 30 | columns >> 40) & ROW_MASK;
    const uint64_t to_the_left = columns & (((uint64_t)2 << cannon) - 1);
    const uint64_t to_the_right = columns >> cannon;
    const uint32_t left = to_the_left ? minatar_highest_bit(to_the_left) : cannon - MINATAR_SIDE;
    const uint32_t right = cannon + (to_the_right ? minatar_lowest_bit(to_the_right) : MINATAR_SIDE);
    return cannon - left <= right - cannon ? left : right;
}

/* The lowest alien of that column shoots; the bullet before is gone. */
static ALWAYS_INLINE void enemy_shot(struct space_invaders_view game, uint32_t lane)
{
    const uint64_t column = LEFT_COLUMN << nearest_column(game, lane);
    const uint64_t upper = game.upper_aliens[lane] & column;
    const uint64_t lower = game.lower_aliens[lane] & column;

    game.enemy_bullet[lane] = (uint8_t)(lower ? HALF_CELLS + minatar_highest_bit(lower) : minatar_highest_bit(upper));
}

/* A bullet and the alien in its cell destroy each other. */
static ALWAYS_INLINE void hit_alien(struct space_invaders_view game, struct minatar_turn turn, uint32_t lane,
                                    uint8_t *bullet)
{
    uint64_t *aliens = *bullet < HALF_CELLS ? &game.upper_aliens[lane] : &game.lower_aliens[lane];

    *aliens ^= (uint64_t)1 << *bullet % HALF_CELLS;
    hide_alien(&game.alien_image[lane], *bullet);
    *bullet = NO_BULLET;
    turn.rewards[lane]++;
    if (--game.alien_count[lane] > 0) {
        return;
    }
    if (turn.ramping && game.move_interval[lane] > LAST_MOVE_INTERVAL) {
        game.move_interval[lane]--;
    }
    fill_aliens(game, lane);
}

/* In these two, shifts are by numbers as wide as what is shifted: such shifts compilers make vectors of. */
static ALWAYS_INLINE uint64_t lanes_with_alien_on_cannon(struct space_invaders_view game, uint32_t width)
{
    uint64_t lanes = 0;

    for (uint64_t i = 0; i < width; i++) {
        lanes |= alien_is_on_cannon(game, i) << i;
    }
    return lanes;
}

static ALWAYS_INLINE uint64_t lanes_with_hit(struct space_invaders_view game, const uint8_t *bullets, uint32_t width)
{
    uint8_t is_lower[MINATAR_LANES], cell[MINATAR_LANES];
    uint64_t lanes = 0;

    for (uint32_t i = 0; i < width; i++) {
        is_lower[i] = bullets[i] >= HALF_CELLS;
        cell[i] = (uint8_t)(bullets[i] - (is_lower[i] ? HALF_CELLS : 0));
    }
    for (uint64_t i = 0; i < width; i++) {
        const uint64_t upper = game.upper_aliens[i], lower = game.lower_aliens[i];
        const uint64_t aliens = upper ^ ((upper ^ lower) & -(uint64_t)is_lower[i]);
        lanes |= (aliens >> (uint64_t)cell[i] & 1) << i;
    }
    return lanes;
}

/* What happens every sixth to twelfth step, or less often, is done in one lane after the other. */
static ALWAYS_INLINE void space_invaders_advance(struct space_invaders_view game, struct minatar_turn turn)
{
    const uint64_t playing = minatar_lanes_playing(turn);
    uint8_t moves[MINATAR_LANES], shoots[MINATAR_LANES];

    move_cannon_and_bullets(game, turn);
    run_alien_timers(game, turn.width, moves, shoots);
    for (uint64_t lanes = playing & minatar_lanes_where(moves, turn.width, turn.count); lanes; lanes &= lanes - 1) {
        move_aliens(game, turn, minatar_lowest_bit(lanes));
    }
    for (uint64_t lanes = playing & lanes_with_alien_on_cannon(game, turn.width); lanes; lanes &= lanes - 1) {
        turn.ended[minatar_lowest_bit(lanes)] = 1;
    }
    for (uint64_t lanes = playing & minatar_lanes_where(shoots, turn.width, turn.count); lanes; lanes &= lanes - 1) {
        enemy_shot(game, minatar_lowest_bit(lanes));
    }
    /* Both are found before a hit can bring the next aliens. */
    const uint64_t newer_hits = playing & lanes_with_hit(game, game.newer_bullet, turn.width);
    const uint64_t older_hits = playing & lanes_with_hit(game, game.older_bullet, turn.width);
    for (uint64_t lanes = newer_hits; lanes; lanes &= lanes - 1) {
        hit_alien(game, turn, minatar_lowest_bit(lanes), game.newer_bullet + minatar_lowest_bit(lanes));
    }
    for (uint64_t lanes = older_hits; lanes; lanes &= lanes - 1) {
        hit_alien(game, turn, minatar_lowest_bit(lanes), game.older_bullet + minatar_lowest_bit(lanes));
    }
}

/* What a bullet sets in an observation, by its cell. None sets nothing, each in a byte of its own: bullets that set the
 * same byte wait for each other. */
struct mark {
    uint8_t byte, bits;
};

#define MARK(CELL, CHANNEL)                                                                                            \
    {                                                                                                                  \
        ((CELL)*CHANNELS + (CHANNEL)) / 8, 1u << ((CELL)*CHANNELS + (CHANNEL)) % 8                                     \
    }
#define MARKS_OF_ROW(Y, CHANNEL)                                                                                       \
    MARK(10 * (Y), CHANNEL), MARK(10 * (Y) + 1, CHANNEL), MARK(10 * (Y) + 2, CHANNEL), MARK(10 * (Y) + 3, CHANNEL),    \
        MARK(10 * (Y) + 4, CHANNEL), MARK(10 * (Y) + 5, CHANNEL), MARK(10 * (Y) + 6, CHANNEL),                         \
        MARK(10 * (Y) + 7, CHANNEL), MARK(10 * (Y) + 8, CHANNEL), MARK(10 * (Y) + 9, CHANNEL)
#define MARKS(CHANNEL)                                                                                                 \
    MARKS_OF_ROW(0, CHANNEL), MARKS_OF_ROW(1, CHANNEL), MARKS_OF_ROW(2, CHANNEL), MARKS_OF_ROW(3, CHANNEL),            \
        MARKS_OF_ROW(4, CHANNEL), MARKS_OF_ROW(5, CHANNEL), MARKS_OF_ROW(6, CHANNEL), MARKS_OF_ROW(7, CHANNEL),        \
        MARKS_OF_ROW(8, CHANNEL), MARKS_OF_ROW(9, CHANNEL)

static const struct mark newer_marks[MINATAR_CELLS + 1] = {MARKS(FRIENDLY_BULLET), [NO_BULLET] = {0, 0}};
static const struct mark older_marks[MINATAR_CELLS + 1] = {MARKS(FRIENDLY_BULLET), [NO_BULLET] = {20, 0}};
static const struct mark enemy_marks[MINATAR_CELLS + 1] = {MARKS(ENEMY_BULLET), [NO_BULLET] = {40, 0}};

static inline void set_mark(unsigned char *observation, struct mark mark)
{
    observation[mark.byte] |= mark.bits;
}

/* The last eight bytes of the observation have all of the cannon's row. */
#define LAST_BYTES (OBSERVATION_BYTES - 8)
#define LAST_BYTES_SHIFT (8 * LAST_BYTES - 64 * (IMAGE_WORDS - 2))

static ALWAYS_INLINE void space_invaders_observe(struct space_invaders_view game, uint32_t width, uint32_t count,
                                                 unsigned char *observations)
{
    (void)width;
    for (uint32_t k = 0; k < count; k++) {
        unsigned char *observation = observations + k * OBSERVATION_BYTES;
        const struct alien_image image = game.alien_image[k];
        const uint32_t cannon = (uint32_t)(CANNON_ROW + game.cannon_x[k]) * CHANNELS + CANNON;
        const uint64_t aliens_of_last =
            image.word[IMAGE_WORDS - 2] >> LAST_BYTES_SHIFT | image.word[IMAGE_WORDS - 1] << (64 - LAST_BYTES_SHIFT);
        for (uint32_t i = 0; i < IMAGE_WORDS - 1; i++) {
            store64(observation + 8 * i, image.word[i]);
        }
        store64(observation + LAST_BYTES, aliens_of_last | (uint64_t)1 << (cannon - 8 * LAST_BYTES));
        set_mark(observation, newer_marks[game.newer_bullet[k]]);
        set_mark(observation, older_marks[game.older_bullet[k]]);
        set_mark(observation, enemy_marks[game.enemy_bullet[k]]);
    }
}

struct board {
    uint64_t half[HALVES];
};

static void board_field(struct saved_state *state, const char *name, struct board *board)
{
    saved_state_u64(state, name, &board->half[0], 0, HALF_MASK);
    saved_state_u64(state, name, &board->half[1], 0, HALF_MASK);
}

static int32_t count_cells(const struct board *board)
{
    int32_t count = 0;

    for (int i = 0; i < HALVES; i++) {
        for (uint64_t left = board->half[i]; left; left &= left - 1) {
            count++;
        }
    }
    return count;
}

static void put_bullet(struct board *board, uint8_t bullet)
{
    if (bullet != NO_BULLET) {
        board->half[bullet / HALF_CELLS] |= (uint64_t)1 << bullet % HALF_CELLS;
    }
}

/* The lowest bullet of a board, which of the cannon's is the newest one. */
static uint8_t take_bullet(struct board *board)
{
    for (uint32_t i = HALVES; i-- > 0;) {
        if (board->half[i]) {
            const uint32_t bit = minatar_highest_bit(board->half[i]);
            board->half[i] ^= (uint64_t)1 << bit;
            return (uint8_t)(i * HALF_CELLS + bit);
        }
    }
    return NO_BULLET;
}

static void space_invaders_fields(void *self, struct saved_state *state)
{
    struct space_invaders_state *game = &((struct space_invaders *)self)->state;
    struct board aliens = {{game->upper_aliens, game->lower_aliens}};
    struct board friendly_bullets = {{0}}, enemy_bullets = {{0}};

    put_bullet(&friendly_bullets, game->newer_bullet);
    put_bullet(&friendly_bullets, game->older_bullet);
    put_bullet(&enemy_bullets, game->enemy_bullet);
    board_field(state, "aliens", &aliens);
    board_field(state, "friendly bullets", &friendly_bullets);
    board_field(state, "enemy bullets", &enemy_bullets);
    saved_state_i8(state, "cannon x", &game->cannon_x, 0, 9);
    saved_state_i8(state, "alien heading", &game->alien_step, -1, 1);
    saved_state_i8(state, "alien count", &game->alien_count, 1, ALIENS);
    saved_state_i8(state, "move interval", &game->move_interval, LAST_MOVE_INTERVAL, FIRST_MOVE_INTERVAL);
    saved_state_i8(state, "move timer", &game->move_timer, 0, FIRST_MOVE_INTERVAL);
    saved_state_i8(state, "enemy shot timer", &game->enemy_shot_timer, 0, ENEMY_SHOT_INTERVAL);
    saved_state_i8(state, "shot timer", &game->shot_timer, 0, SHOT_INTERVAL);
    saved_state_require(state, count_cells(&friendly_bullets) <= FRIENDLY_BULLETS, "at most two friendly bullets");
    saved_state_require(state, count_cells(&enemy_bullets) <= ENEMY_BULLETS, "at most one enemy bullet");
    saved_state_require(state, game->alien_step != 0, "the aliens have a heading");
    saved_state_require(state, count_cells(&aliens) == game->alien_count, "as many aliens as the count says");
    game->upper_aliens = aliens.half[0];
    game->lower_aliens = aliens.half[1];
    game->newer_bullet = take_bullet(&friendly_bullets);
    game->older_bullet = take_bullet(&friendly_bullets);
    game->enemy_bullet = take_bullet(&enemy_bullets);
    draw_aliens(&game->alien_image, game->upper_aliens, game->lower_aliens, game->alien_step);
}

static const struct minatar_rules space_invaders_rules = {
    .id = "minatar/space_invaders",
    .channel_count = CHANNELS,
    .channels = channels,
    .minimal_count = 4,
    .minimal = {MINATAR_NONE, MINATAR_LEFT, MINATAR_RIGHT, MINATAR_FIRE},
    .reward_high = FRIENDLY_BULLETS,
    .begin = space_invaders_begin,
    .fields = space_invaders_fields,
};

MINATAR_DEFINE_TYPE(space_invaders, "Shoot the aliens before they reach the cannon");
