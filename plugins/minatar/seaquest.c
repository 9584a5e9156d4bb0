/* Seaquest: a submarine shoots fish and enemy submarines, picks up divers and must surface for air. */
#include "seaquest_items.h"

enum channel {
    SUB_FRONT,
    SUB_BACK,
    FRIENDLY_BULLET,
    TRAIL,
    ENEMY_BULLET,
    FISH,
    ENEMY_SUB,
    OXYGEN,
    CARRIED,
    DIVER,
    CHANNELS
};

#define FULL_OXYGEN 200
#define OXYGEN_OF_COLUMN 20
#define LOWEST_CARRIED (-1000000000) /* a count below zero only means "less than none": it may stop falling here */
#define FIRST_SPAWN_SPEED 20
#define FIRST_MOVE_SPEED 5
#define LAST_MOVE_SPEED 2
#define DIVER_INTERVAL 30
#define LAST_TIMER 5 /* of divers and enemies */
#define SHOT_INTERVAL 5
#define LAST_RAMP_INDEX 1000 /* far beyond what ramping can reach */

static const struct minatar_channel channels[CHANNELS] = {
    [SUB_FRONT] = {"sub front", COLOUR_WHITE},
    [SUB_BACK] = {"sub back", COLOUR_LIGHT_GREY},
    [FRIENDLY_BULLET] = {"friendly bullet", COLOUR_YELLOW},
    [TRAIL] = {"trail", COLOUR_GREY},
    [ENEMY_BULLET] = {"enemy bullet", COLOUR_VERMILLION},
    [FISH] = {"fish", COLOUR_GREEN},
    [ENEMY_SUB] = {"enemy sub", COLOUR_PURPLE},
    [OXYGEN] = {"oxygen", COLOUR_SKY_BLUE},
    [CARRIED] = {"carried divers", COLOUR_ORANGE},
    [DIVER] = {"diver", COLOUR_ORANGE},
};

/* The bit of a channel in a column, as the lower and upper word of a row's 100 bits. */
#define ROW_BIT(X, CHANNEL) ((X) < 0 || (X) > 9 ? 128 : (X)*CHANNELS + (CHANNEL))
#define LOW(BIT) ((BIT) < 64 ? (uint64_t)1 << (BIT) % 64 : 0)
#define HIGH(BIT) ((BIT) < 64 || (BIT) > 127 ? 0 : (uint64_t)1 << (BIT) % 64)

static void seaquest_begin(void *self)
{
    struct seaquest *game = self;

    game->sub_x = 5;
    game->sub_y = 0;
    game->sub_step = -1;
    game->oxygen = FULL_OXYGEN;
    game->carried = 0;
    game->surfaced = 1;
    game->spawn_speed = FIRST_SPAWN_SPEED;
    game->spawn_timer = FIRST_SPAWN_SPEED;
    game->diver_timer = DIVER_INTERVAL;
    game->move_speed = FIRST_MOVE_SPEED;
    game->ramp_index = 0;
    game->shot_timer = 0;
    game->count = ITEMS + STRIDE;
    cut_off(game, 0);
    game->bullet[0] = game->bullet[1] = NONE;
}

/* Whether an enemy in the row of `enemy` heads the other way. */
static bool row_moves_otherwise(struct seaquest *game, item enemy)
{
    const uint32_t compared = HEADS_RIGHT | (CELL & ~COLUMN) | KIND; /* fish and subs have odd kinds */
    const uint32_t count = rounded_count(game);
    uint32_t found = 0;

    for (uint32_t i = 0; i < count; i++)
        found |= where(((game->item[i] ^ enemy) & compared) == HEADS_RIGHT);
    return found;
}

/* The number below 2^53 that a random double in units of 2^-53 must stay below to be less than 1/3. */
#define THIRD UINT64_C(3002399751580331)

static void spawn_enemy(struct seaquest *game)
{
    struct numpy_random_state *random = &game->frame.random;
    const bool right = numpy_random_state_next53(random) >> 52 == 0;
    const bool is_sub = numpy_random_state_next53(random) < THIRD;
    const int32_t y = numpy_random_state_integer(random, 1, 9);
    const item enemy = make(is_sub ? ENEMY_SUBS : FISHES, right ? 0 : 9, y, right ? 1 : -1, (uint32_t)game->move_speed,
                            is_sub ? ENEMY_SHOT_INTERVAL : 0);

    if (!row_moves_otherwise(game, enemy))
        append(game, enemy);
}

static void spawn_diver(struct seaquest *game)
{
    struct numpy_random_state *random = &game->frame.random;
    const bool right = numpy_random_state_next53(random) >> 52 == 0;
    const int32_t y = numpy_random_state_integer(random, 1, 9);

    append(game, make(DIVERS, right ? 0 : 9, y, right ? 1 : -1, DIVER_MOVE_INTERVAL, 0));
}

static void spawn(struct seaquest *game)
{
    if (game->spawn_timer == 0) {
        spawn_enemy(game);
        game->spawn_timer = game->spawn_speed;
    }
    if (game->diver_timer == 0) {
        spawn_diver(game);
        game->diver_timer = DIVER_INTERVAL;
    }
}

static inline void act(struct seaquest *game, int32_t action)
{
    const int32_t dx = minatar_right(action);
    const uint32_t fires = (action == MINATAR_FIRE) & (game->shot_timer == 0);
    const item shot = make(0, game->sub_x, game->sub_y, game->sub_step, 0, 0);
    const uint32_t place = !is_none(game->bullet[0]); /* of a new bullet; there never are two when the timer has run */

    game->bullet[place] = (item)minatar_choose(fires, (int32_t)shot, (int32_t)game->bullet[place]);
    game->shot_timer = (int8_t)minatar_choose(fires, SHOT_INTERVAL, game->shot_timer);
    game->sub_step = (int8_t)minatar_choose(dx != 0, dx, game->sub_step);
    game->sub_x = (int8_t)minatar_clamp(game->sub_x + dx, 0, 9);
    game->sub_y = (int8_t)minatar_clamp(game->sub_y + minatar_down(action), 0, 8);
}

/* What can happen when everything moves, as bits. */
enum event { RAMS = 1, LEAVES = 2, SHOOTS = 4, IS_SHOT = 8, BOARDS = 16 };

/* Moves all items and says what happens to any of them, given where the bullets come to. Without branches: whose timers
 * end, nobody could foresee. */
static inline uint32_t move_items(struct seaquest *game, const item bullet[BULLETS], item before[ITEMS + STRIDE])
{
    const uint32_t count = rounded_count(game);
    const uint32_t sub = sub_cell(game);
    const uint32_t enemy_timer = (uint32_t)game->move_speed * TIMER;
    const uint32_t first_bullet = cell_of(bullet[0]);
    const uint32_t second_bullet = cell_of(bullet[1]);
    uint32_t events = 0;

    for (uint32_t i = 0; i < count; i++) {
        const item now = game->item[i];
        const uint32_t is_diver = where(kind_of(now) == DIVERS);
        const uint32_t is_sub = where(kind_of(now) == ENEMY_SUBS);
        const uint32_t is_enemy = where((now & KIND) != 0);
        const uint32_t none = where((now & NONE_BITS) == NONE_BITS);
        const uint32_t moves = where(timer_of(now) == 0) & ~none;
        const uint32_t shoots = is_sub & where(shot_timer_of(now) == 0);
        const uint32_t timer = (is_enemy & enemy_timer) | (is_diver & DIVER_MOVE_INTERVAL * TIMER);
        const item then = now + (moves & (timer + (now / HEADS_RIGHT & 1) * 2 - 1)) - (~moves & ~none & TIMER);
        const uint32_t meets_sub = where(cell_of(now) == sub) | where(cell_of(then) == sub);
        const uint32_t meets_bullet = where(cell_of(now) == first_bullet) | where(cell_of(now) == second_bullet) |
                                      where(cell_of(then) == first_bullet) | where(cell_of(then) == second_bullet);
        events |= (meets_sub & ~is_diver & RAMS) | (meets_sub & is_diver & BOARDS) |
                  (is_enemy & meets_bullet & IS_SHOT) | (shoots & SHOOTS) | (where(outside(then)) & LEAVES);
        before[i] = now;
        game->item[i] = then + (shoots & ENEMY_SHOT_INTERVAL * SHOT_TIMER) - (is_sub & ~shoots & SHOT_TIMER);
    }
    return events;
}

/* Subs that have just shot: their bullets make a first move at once. */
static void add_enemy_bullets(struct seaquest *game)
{
    for (int32_t i = game->count - 1; i >= 0; i--) {
        if (shot_timer_of(game->item[i]) == ENEMY_SHOT_INTERVAL && game->count < ITEMS) {
            append(game, (game->item[i] & (CELL | HEADS_RIGHT)) | ENEMY_BULLETS * KIND);
            move_enemy_bullet(game, game->count - 1);
        }
    }
}

static void erase_outside(struct seaquest *game)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < game->count; i++) {
        game->item[kept] = game->item[i];
        kept += !outside(game->item[i]);
    }
    cut_off(game, kept);
}

/* Everything moves at once, unless something is hit or boards: then the order matters. Returns the reward. */
static inline uint32_t move_all(struct seaquest *game)
{
    item bullet[BULLETS];
    item before[ITEMS + STRIDE];

    for (uint32_t i = 0; i < BULLETS; i++)
        bullet[i] = game->bullet[i] + (game->bullet[i] / HEADS_RIGHT % 2 * 2 - 1) * !is_none(game->bullet[i]);
    const uint32_t events = move_items(game, bullet, before);
    if (events & (IS_SHOT | BOARDS)) {
        memcpy(game->item, before, game->count * sizeof *before);
        return seaquest_move_in_turn(game);
    }
    game->bullet[0] = bullet[0];
    game->bullet[1] = bullet[1];
    if (outside(bullet[0]) | outside(bullet[1])) {
        for (int32_t i = BULLETS - 1; i >= 0; i--) {
            if (outside(bullet[i]))
                erase_bullet(game, i);
        }
    }
    game->frame.ended |= events & RAMS;
    if (events & SHOOTS)
        add_enemy_bullets(game);
    if (events & LEAVES)
        erase_outside(game);
    return 0;
}

static void ramp(struct seaquest *game)
{
    if (game->spawn_speed <= 1 && game->move_speed <= LAST_MOVE_SPEED)
        return;
    if (game->move_speed > LAST_MOVE_SPEED && game->ramp_index % 2)
        game->move_speed--;
    if (game->spawn_speed > 1)
        game->spawn_speed--;
    game->ramp_index++;
}

/* Air for divers: a full load pays for the oxygen left, anything less costs a diver. */
static uint32_t surface(struct seaquest *game)
{
    uint32_t reward = 0;

    game->surfaced = 1;
    if (game->carried == FULL_LOAD) {
        game->carried = 0;
        reward = (uint32_t)(game->oxygen / OXYGEN_OF_COLUMN);
    }
    game->oxygen = FULL_OXYGEN;
    if (game->carried > LOWEST_CARRIED)
        game->carried--;
    if (game->frame.ramping)
        ramp(game);
    return reward;
}

static inline uint32_t breathe(struct seaquest *game)
{
    const uint32_t under_water = game->sub_y > 0;

    game->frame.ended |= game->oxygen <= 0;
    if (!(under_water | (uint32_t)game->surfaced)) {
        if (game->carried != 0)
            return surface(game);
        game->frame.ended = 1;
        return 0;
    }
    game->oxygen = (int16_t)(game->oxygen - (int32_t)under_water);
    game->surfaced = !under_water;
    return 0;
}

static MINATAR_INLINE uint32_t play(struct seaquest *game, int32_t action)
{
    uint32_t reward;

    spawn(game);
    act(game, action);
    reward = move_all(game);
    game->spawn_timer = (int8_t)(game->spawn_timer - (game->spawn_timer > 0));
    game->diver_timer = (int8_t)(game->diver_timer - (game->diver_timer > 0));
    game->shot_timer = (int8_t)(game->shot_timer - (game->shot_timer > 0));
    return reward + breathe(game);
}

static MINATAR_INLINE void seaquest_advance(void *const *selves, uint32_t width, uint32_t count, const uint8_t *actions,
                                            uint8_t *rewards)
{
    for (uint32_t i = 0; i < count && width > 1; i++) {
        const struct seaquest *game = selves[i];
        minatar_expect_draws(&game->frame, (game->spawn_timer == 0) | (game->diver_timer == 0));
    }
    for (uint32_t i = 0; i < count; i++)
        rewards[i] = (uint8_t)play(selves[i], actions[i]);
}

/* A row of the observation. */
struct row {
    uint64_t low, high;
};

/* A channel in all columns of a row. */
#define ALONG(WORD, CHANNEL)                                                                                           \
    (WORD(ROW_BIT(0, CHANNEL)) | WORD(ROW_BIT(1, CHANNEL)) | WORD(ROW_BIT(2, CHANNEL)) | WORD(ROW_BIT(3, CHANNEL)) |   \
     WORD(ROW_BIT(4, CHANNEL)) | WORD(ROW_BIT(5, CHANNEL)) | WORD(ROW_BIT(6, CHANNEL)) | WORD(ROW_BIT(7, CHANNEL)) |   \
     WORD(ROW_BIT(8, CHANNEL)) | WORD(ROW_BIT(9, CHANNEL)))

/* The words of row 9 that cover its first columns. */
#define LOW_COLUMNS(COUNT) (LOW((COUNT)*CHANNELS) - 1)
#define HIGH_COLUMNS(COUNT) (HIGH((COUNT)*CHANNELS) - ((COUNT)*CHANNELS > 63))

/* By how many columns of oxygen are left. */
#define OXYGEN_ROW(COUNT)                                                                                              \
    {                                                                                                                  \
        ALONG(LOW, OXYGEN) & LOW_COLUMNS(COUNT), ALONG(HIGH, OXYGEN) & HIGH_COLUMNS(COUNT)                             \
    }
static const struct row oxygen_rows[MINATAR_SIDE + 1] = {OXYGEN_ROW(0), OXYGEN_ROW(1), OXYGEN_ROW(2), OXYGEN_ROW(3),
                                                         OXYGEN_ROW(4), OXYGEN_ROW(5), OXYGEN_ROW(6), OXYGEN_ROW(7),
                                                         OXYGEN_ROW(8), OXYGEN_ROW(9), OXYGEN_ROW(10)};

/* By how many divers are carried: they end in column 8. */
#define CARRIED_ROW(COUNT)                                                                                             \
    {                                                                                                                  \
        ALONG(LOW, CARRIED) & LOW_COLUMNS(9) & ~LOW_COLUMNS(9 - (COUNT)),                                              \
            ALONG(HIGH, CARRIED) & HIGH_COLUMNS(9) & ~HIGH_COLUMNS(9 - (COUNT))                                        \
    }
static const struct row carried_rows[FULL_LOAD + 1] = {CARRIED_ROW(0), CARRIED_ROW(1), CARRIED_ROW(2), CARRIED_ROW(3),
                                                       CARRIED_ROW(4), CARRIED_ROW(5), CARRIED_ROW(6)};

/* Which bits of its row an item sets: its own and its trail's, or its own again where it leaves none. */
struct marks {
    uint16_t own, trail;
};

#define OWN(X, CHANNEL) ((X)*CHANNELS + (CHANNEL))
#define LEAVES_TRAIL(X, STEP, CHANNEL) ((CHANNEL) != ENEMY_BULLET && (X) - (STEP) >= 0 && (X) - (STEP) <= 9)
#define MARK(X, STEP, CHANNEL)                                                                                         \
    {                                                                                                                  \
        OWN(X, CHANNEL), LEAVES_TRAIL(X, STEP, CHANNEL) ? OWN((X) - (STEP), TRAIL) : OWN(X, CHANNEL)                   \
    }
#define MARKS(STEP, CHANNEL)                                                                                           \
    {                                                                                                                  \
        [1] = MARK(0, STEP, CHANNEL), MARK(1, STEP, CHANNEL), MARK(2, STEP, CHANNEL), MARK(3, STEP, CHANNEL),          \
        MARK(4, STEP, CHANNEL), MARK(5, STEP, CHANNEL), MARK(6, STEP, CHANNEL), MARK(7, STEP, CHANNEL),                \
        MARK(8, STEP, CHANNEL), MARK(9, STEP, CHANNEL)                                                                 \
    }

/* By kind and heading, and by column. */
static const struct marks marks_of[2 * KINDS][COLUMN + 1] = {
    MARKS(-1, DIVER),        MARKS(1, DIVER),        MARKS(-1, ENEMY_SUB), MARKS(1, ENEMY_SUB),
    MARKS(-1, ENEMY_BULLET), MARKS(1, ENEMY_BULLET), MARKS(-1, FISH),      MARKS(1, FISH)};

static inline uint32_t row_bit(item it)
{
    return cell_of(it) / 16 * MINATAR_SIDE * CHANNELS;
}

static MINATAR_INLINE void seaquest_observe(const void *self, unsigned char *observation)
{
    const struct seaquest *game = self;
    const struct row *oxygen = &oxygen_rows[game->oxygen / OXYGEN_OF_COLUMN];
    const struct row *carried = &carried_rows[minatar_clamp(game->carried, 0, FULL_LOAD)];
    const uint64_t low = oxygen->low | carried->low;
    const uint64_t high = oxygen->high | carried->high;
    const uint32_t front = (uint32_t)((game->sub_y * MINATAR_SIDE + game->sub_x) * CHANNELS + SUB_FRONT);

    /* In parts, as one of the whole size is compiled into a slow string instruction. */
    memset(observation, 0, 64);
    memset(observation + 64, 0, 48);
    /* Row 9 are the last 100 bits. */
    minatar_store64(observation + 112, low << 4);
    minatar_store64(observation + 117, low >> 36 | high << 28);
    minatar_set_bit(observation, front);
    minatar_set_bit(observation, (uint32_t)((int32_t)front - CHANNELS * game->sub_step) + SUB_BACK - SUB_FRONT);
    for (uint32_t i = 0; i < BULLETS && !is_none(game->bullet[i]); i++) {
        const uint32_t x = (game->bullet[i] & COLUMN) - 1;
        minatar_set_bit(observation, row_bit(game->bullet[i]) + OWN(x, FRIENDLY_BULLET));
    }
    for (uint32_t i = 0; i < game->count; i++) {
        const item it = game->item[i];
        const struct marks marks = marks_of[it / HEADS_RIGHT & LOOK_BITS][it & COLUMN];
        minatar_set_bit(observation, row_bit(it) + marks.own);
        minatar_set_bit(observation, row_bit(it) + marks.trail);
    }
}

static void item_fields(item *it, struct saved_state *state, bool is_bullet)
{
    uint8_t kind = (uint8_t)kind_of(*it);
    int8_t x = (int8_t)((*it & COLUMN) - 1);
    int8_t y = (int8_t)(cell_of(*it) / 16);
    int8_t step = *it & HEADS_RIGHT ? 1 : -1;
    uint8_t timer = (uint8_t)timer_of(*it);
    uint8_t shot_timer = (uint8_t)shot_timer_of(*it);

    saved_state_u8(state, "kind of an item", &kind, 0, is_bullet ? 0 : KINDS - 1);
    saved_state_i8(state, "x of an item", &x, 0, 9);
    saved_state_i8(state, "y of an item", &y, is_bullet ? 0 : 1, 8);
    saved_state_i8(state, "heading of an item", &step, -1, 1);
    saved_state_u8(state, "timer of an item", &timer, 0, is_bullet || kind == ENEMY_BULLETS ? 0 : LAST_TIMER);
    saved_state_u8(state, "shot timer of an item", &shot_timer, 0, kind == ENEMY_SUBS ? ENEMY_SHOT_INTERVAL : 0);
    saved_state_require(state, step != 0, "every item has a heading");
    *it = make(kind, x, y, step, timer, shot_timer);
}

static void bullet_fields(struct seaquest *game, struct saved_state *state)
{
    uint8_t count = (uint8_t)((game->bullet[0] != NONE) + (game->bullet[1] != NONE));

    saved_state_u8(state, "number of bullets", &count, 0, BULLETS);
    for (uint8_t i = 0; i < BULLETS; i++) {
        item bullet = i < count ? game->bullet[i] : make(0, 0, 1, 1, 0, 0);
        item_fields(&bullet, state, true);
        game->bullet[i] = i < count ? bullet : NONE;
    }
}

static void seaquest_fields(void *self, struct saved_state *state)
{
    struct seaquest *game = self;
    int32_t oxygen = game->oxygen;

    saved_state_i8(state, "sub x", &game->sub_x, 0, 9);
    saved_state_i8(state, "sub y", &game->sub_y, 0, 8);
    saved_state_i8(state, "sub heading", &game->sub_step, -1, 1);
    saved_state_i32(state, "oxygen", &oxygen, -1, FULL_OXYGEN);
    saved_state_i32(state, "carried divers", &game->carried, LOWEST_CARRIED, FULL_LOAD);
    saved_state_i8(state, "surfaced", &game->surfaced, 0, 1);
    saved_state_i8(state, "spawn speed", &game->spawn_speed, 1, FIRST_SPAWN_SPEED);
    saved_state_i8(state, "spawn timer", &game->spawn_timer, 0, FIRST_SPAWN_SPEED);
    saved_state_i8(state, "diver timer", &game->diver_timer, 0, DIVER_INTERVAL);
    saved_state_i8(state, "move speed", &game->move_speed, LAST_MOVE_SPEED, FIRST_MOVE_SPEED);
    saved_state_i32(state, "ramp index", &game->ramp_index, 0, LAST_RAMP_INDEX);
    saved_state_i8(state, "shot timer", &game->shot_timer, 0, SHOT_INTERVAL);
    bullet_fields(game, state);
    saved_state_u8(state, "number of items", &game->count, 0, ITEMS);
    for (uint8_t i = 0; i < ITEMS; i++) {
        item none = make(0, 0, 1, 1, 0, 0);
        item_fields(i < game->count ? &game->item[i] : &none, state, false);
    }
    for (uint32_t i = game->count; i < ITEMS + STRIDE; i++)
        game->item[i] = NONE;
    saved_state_require(state,
                        game->sub_step != 0 && game->sub_x - game->sub_step >= 0 && game->sub_x - game->sub_step <= 9,
                        "the sub's back lies inside the grid");
    saved_state_require(state, game->surfaced || oxygen < FULL_OXYGEN, "a sub under water has used oxygen");
    game->oxygen = (int16_t)oxygen;
}

static const struct minatar_game seaquest_game = {
    .id = "minatar/seaquest",
    .bytes = sizeof(struct seaquest),
    .channel_count = CHANNELS,
    .channels = channels,
    .minimal_count = MINATAR_ACTIONS,
    .minimal = {MINATAR_NONE, MINATAR_LEFT, MINATAR_UP, MINATAR_RIGHT, MINATAR_DOWN, MINATAR_FIRE},
    .reward_high = 11, /* two bullets that hit, and nine columns of oxygen when surfacing */
    .begin = seaquest_begin,
    .observe = seaquest_observe,
    .fields = seaquest_fields,
};

MINATAR_DEFINE_TYPE(seaquest, "Shoot, rescue divers, and surface before the oxygen ends");
