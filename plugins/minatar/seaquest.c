/* Seaquest: a submarine shoots fish and enemy submarines, picks up divers and must surface for air. */
#include "frame.h"

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
#define FULL_LOAD 6
#define LOWEST_CARRIED (-1000000000) /* a count below zero only means "less than none": it may stop falling here */
#define FIRST_SPAWN_SPEED 20
#define FIRST_MOVE_SPEED 5
#define LAST_MOVE_SPEED 2
#define DIVER_INTERVAL 30
#define DIVER_MOVE_INTERVAL 5
#define SHOT_INTERVAL 5
#define ENEMY_SHOT_INTERVAL 10
#define GAUGE_ROW 9
#define LAST_RAMP_INDEX 1000 /* far beyond what ramping can reach */
#define OBSERVATION_BYTES 125
#define GAUGE_FIRST_BYTE 112 /* row 9 is bits 900..999: byte 112 from bit 4 on, to the end */
#define GAUGE_BYTES (OBSERVATION_BYTES - GAUGE_FIRST_BYTE)

/* Everything that swims or flies. The timers are 0 where a kind has none. */
struct item {
    int8_t x, y;
    int8_t step; /* heading, -1 or 1 */
    int8_t timer;
    int8_t shot_timer;
    uint8_t channel;
    uint8_t leaves_trail;
    uint8_t unused; /* 0; makes items comparable and movable as eight bytes */
};

/* Lists in the order of their items' age. None can outgrow its capacity: the player shoots every fifth step, and a
 * bullet is gone after nine more; a diver comes every 30 steps and is gone after 60; an enemy comes at most every step,
 * and once it does, enemies are gone after 30; a sub shoots every eleventh step, so that only subs of the last 40 steps
 * can have a bullet on its way, one each. A state from elsewhere may hold more than play leads to: what a list has no
 * room for is dropped. */
enum list { FRIENDLY_BULLETS, DIVERS, ENEMY_SUBS, ENEMY_BULLETS, FISHES, LISTS };

#define ITEMS (2 + 4 + 32 + 44 + 32)
static const int8_t capacity[LISTS] = {2, 4, 32, 44, 32};
static const struct item kind[LISTS] = {
    [FRIENDLY_BULLETS] = {.channel = FRIENDLY_BULLET},
    [DIVERS] = {.channel = DIVER, .leaves_trail = 1, .timer = DIVER_MOVE_INTERVAL},
    [ENEMY_SUBS] = {.channel = ENEMY_SUB, .leaves_trail = 1, .shot_timer = ENEMY_SHOT_INTERVAL},
    [ENEMY_BULLETS] = {.channel = ENEMY_BULLET},
    [FISHES] = {.channel = FISH, .leaves_trail = 1},
};

struct seaquest {
    struct minatar_frame frame;
    int32_t carried;
    int32_t ramp_index;
    int16_t oxygen;
    int8_t sub_x, sub_y;
    int8_t sub_step; /* which way the sub faces, -1 or 1 */
    int8_t surfaced;
    int8_t spawn_speed, spawn_timer;
    int8_t diver_timer;
    int8_t move_speed;
    int8_t shot_timer;
    int8_t first[LISTS + 1];           /* list k is items first[k] .. first[k + 1] - 1: one array, drawn in one loop */
    unsigned char gauges[GAUGE_BYTES]; /* oxygen and carried divers as the observation's last bytes show them */
    struct item item[ITEMS];
};

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

static int32_t count(const struct seaquest *game, enum list list)
{
    return game->first[list + 1] - game->first[list];
}

/* Item i of a list. It stays in its place until something is appended to an earlier list or taken out. */
static struct item *item_at(struct seaquest *game, enum list list, int32_t i)
{
    return &game->item[game->first[list] + i];
}

static void append(struct seaquest *game, enum list list, struct item item)
{
    int32_t place = game->first[list + 1];

    if (count(game, list) >= capacity[list])
        return;
    for (int32_t i = game->first[LISTS]; i > place; i--)
        game->item[i] = game->item[i - 1];
    game->item[place] = item;
    for (int32_t later = (int32_t)list + 1; later <= LISTS; later++)
        game->first[later]++;
}

static void erase(struct seaquest *game, enum list list, int32_t i)
{
    for (int32_t later = (int32_t)list + 1; later <= LISTS; later++)
        game->first[later]--;
    for (i += game->first[list]; i < game->first[LISTS]; i++)
        game->item[i] = game->item[i + 1];
}

/* An item of a list's kind. */
static struct item make(enum list list, int32_t x, int32_t y, int32_t step)
{
    struct item item = kind[list];

    item.x = (int8_t)x;
    item.y = (int8_t)y;
    item.step = (int8_t)step;
    return item;
}

static bool equal(const struct item *a, const struct item *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* Takes out the first item that equals item i, which may be an earlier twin. Returns where item i then is, or -1. */
static int32_t remove_equal(struct seaquest *game, enum list list, int32_t i)
{
    int32_t twin = 0;

    while (twin < i && !equal(item_at(game, list, twin), item_at(game, list, i)))
        twin++;
    erase(game, list, twin);
    return twin == i ? -1 : i - 1;
}

/* The first item of a list in the cell of `item`, or -1. */
static int32_t find_in_cell(struct seaquest *game, enum list list, const struct item *item)
{
    for (int32_t i = 0; i < count(game, list); i++) {
        if (item_at(game, list, i)->x == item->x && item_at(game, list, i)->y == item->y)
            return i;
    }
    return -1;
}

static bool on_sub(const struct seaquest *game, const struct item *item)
{
    return item->x == game->sub_x && item->y == game->sub_y;
}

static bool outside(const struct item *item)
{
    return item->x < 0 || item->x > 9;
}

static void move(struct item *item)
{
    item->x = (int8_t)(item->x + item->step);
}

static void draw_gauges(struct seaquest *game)
{
    const uint32_t first_bit = GAUGE_ROW * MINATAR_SIDE * CHANNELS - 8 * GAUGE_FIRST_BYTE;

    memset(game->gauges, 0, sizeof game->gauges);
    for (int32_t x = 0; x < game->oxygen / OXYGEN_OF_COLUMN; x++)
        minatar_set_bit(game->gauges, first_bit + (uint32_t)x * CHANNELS + OXYGEN);
    for (int32_t x = 9 - game->carried; x < 9; x++)
        minatar_set_bit(game->gauges, first_bit + (uint32_t)x * CHANNELS + CARRIED);
}

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
    memset(game->first, 0, sizeof game->first);
    draw_gauges(game);
}

static bool row_moves_otherwise(struct seaquest *game, enum list list, const struct item *item)
{
    for (int32_t i = 0; i < count(game, list); i++) {
        if (item_at(game, list, i)->y == item->y && item_at(game, list, i)->step != item->step)
            return true;
    }
    return false;
}

static void spawn_enemy(struct seaquest *game)
{
    struct numpy_random_state *random = &game->frame.random;
    bool right = numpy_random_state_sample(random) < 1.0 / 2;
    bool is_sub = numpy_random_state_sample(random) < 1.0 / 3;
    int32_t y = numpy_random_state_integer(random, 1, 9);
    struct item enemy = make(is_sub ? ENEMY_SUBS : FISHES, right ? 0 : 9, y, right ? 1 : -1);

    enemy.timer = game->move_speed;
    if (!row_moves_otherwise(game, FISHES, &enemy) && !row_moves_otherwise(game, ENEMY_SUBS, &enemy))
        append(game, is_sub ? ENEMY_SUBS : FISHES, enemy);
}

static void spawn_diver(struct seaquest *game)
{
    struct numpy_random_state *random = &game->frame.random;
    bool right = numpy_random_state_sample(random) < 1.0 / 2;
    int32_t y = numpy_random_state_integer(random, 1, 9);

    append(game, DIVERS, make(DIVERS, right ? 0 : 9, y, right ? 1 : -1));
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

static void act(struct seaquest *game, int32_t action)
{
    int32_t dx = (action == MINATAR_RIGHT) - (action == MINATAR_LEFT);
    int32_t dy = (action == MINATAR_DOWN) - (action == MINATAR_UP);

    if (action == MINATAR_FIRE && game->shot_timer == 0) {
        append(game, FRIENDLY_BULLETS, make(FRIENDLY_BULLETS, game->sub_x, game->sub_y, game->sub_step));
        game->shot_timer = SHOT_INTERVAL;
    }
    game->sub_step = (int8_t)(dx ? dx : game->sub_step);
    game->sub_x = (int8_t)minatar_clamp(game->sub_x + dx, 0, 9);
    game->sub_y = (int8_t)minatar_clamp(game->sub_y + dy, 0, 8);
}

static int32_t move_friendly_bullets(struct seaquest *game)
{
    int32_t reward = 0;

    for (int32_t i = count(game, FRIENDLY_BULLETS) - 1; i >= 0; i--) {
        struct item *bullet = item_at(game, FRIENDLY_BULLETS, i);
        move(bullet);
        if (outside(bullet)) {
            remove_equal(game, FRIENDLY_BULLETS, i);
            continue;
        }
        enum list list = FISHES;
        int32_t hit = find_in_cell(game, list, bullet);
        if (hit < 0) {
            list = ENEMY_SUBS;
            hit = find_in_cell(game, list, bullet);
        }
        if (hit >= 0) {
            remove_equal(game, FRIENDLY_BULLETS, i);
            erase(game, list, hit);
            reward++;
        }
    }
    return reward;
}

static bool board(struct seaquest *game, int32_t i)
{
    if (!on_sub(game, item_at(game, DIVERS, i)) || game->carried >= FULL_LOAD)
        return false;
    remove_equal(game, DIVERS, i);
    game->carried++;
    draw_gauges(game);
    return true;
}

static void move_divers(struct seaquest *game)
{
    for (int32_t i = count(game, DIVERS) - 1; i >= 0; i--) {
        struct item *diver = item_at(game, DIVERS, i);
        if (board(game, i))
            continue;
        if (diver->timer > 0) {
            diver->timer--;
            continue;
        }
        diver->timer = DIVER_MOVE_INTERVAL;
        move(diver);
        if (outside(diver))
            remove_equal(game, DIVERS, i);
        else
            board(game, i);
    }
}

/* The part that fish and enemy subs share: item i swims, rams the sub or is shot. Returns where it is then, or -1. */
static int32_t swim(struct seaquest *game, enum list list, int32_t i, int32_t *reward)
{
    struct item *enemy = item_at(game, list, i);

    if (on_sub(game, enemy))
        game->frame.ended = 1;
    if (enemy->timer > 0) {
        enemy->timer--;
        return i;
    }
    enemy->timer = game->move_speed;
    move(enemy);
    if (outside(enemy))
        return remove_equal(game, list, i);
    if (on_sub(game, enemy)) {
        game->frame.ended = 1;
        return i;
    }
    int32_t bullet = find_in_cell(game, FRIENDLY_BULLETS, enemy);
    if (bullet < 0)
        return i;
    erase(game, FRIENDLY_BULLETS, bullet);
    ++*reward;
    return remove_equal(game, list, i);
}

static int32_t move_enemy_subs(struct seaquest *game)
{
    int32_t reward = 0;

    for (int32_t i = count(game, ENEMY_SUBS) - 1; i >= 0; i--) {
        struct item gone = *item_at(game, ENEMY_SUBS, i);
        int32_t now = swim(game, ENEMY_SUBS, i, &reward);
        struct item *enemy = now < 0 ? &gone : item_at(game, ENEMY_SUBS, now);
        if (now < 0)
            move(&gone); /* only what moved is removed, and it still shoots from where it came to */
        if (enemy->shot_timer > 0) {
            enemy->shot_timer--;
            continue;
        }
        enemy->shot_timer = ENEMY_SHOT_INTERVAL;
        append(game, ENEMY_BULLETS, make(ENEMY_BULLETS, enemy->x, enemy->y, enemy->step));
    }
    return reward;
}

static void move_enemy_bullets(struct seaquest *game)
{
    for (int32_t i = count(game, ENEMY_BULLETS) - 1; i >= 0; i--) {
        struct item *bullet = item_at(game, ENEMY_BULLETS, i);
        if (on_sub(game, bullet))
            game->frame.ended = 1;
        move(bullet);
        if (on_sub(game, bullet))
            game->frame.ended = 1;
        if (outside(bullet))
            remove_equal(game, ENEMY_BULLETS, i);
    }
}

static int32_t move_fishes(struct seaquest *game)
{
    int32_t reward = 0;

    for (int32_t i = count(game, FISHES) - 1; i >= 0; i--)
        swim(game, FISHES, i, &reward);
    return reward;
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
static int32_t surface(struct seaquest *game)
{
    int32_t reward = 0;

    game->surfaced = 1;
    if (game->carried == FULL_LOAD) {
        game->carried = 0;
        reward = game->oxygen / OXYGEN_OF_COLUMN;
    }
    game->oxygen = FULL_OXYGEN;
    if (game->carried > LOWEST_CARRIED)
        game->carried--;
    if (game->frame.ramping)
        ramp(game);
    draw_gauges(game);
    return reward;
}

static int32_t breathe(struct seaquest *game)
{
    if (game->oxygen <= 0)
        game->frame.ended = 1;
    if (game->sub_y > 0) {
        if (game->oxygen-- % OXYGEN_OF_COLUMN == 0)
            draw_gauges(game);
        game->surfaced = 0;
    } else if (!game->surfaced) {
        if (game->carried != 0)
            return surface(game);
        game->frame.ended = 1;
    }
    return 0;
}

static int32_t seaquest_advance(void *self, int32_t action)
{
    struct seaquest *game = self;
    int32_t reward = 0;

    spawn(game);
    act(game, action);
    reward += move_friendly_bullets(game);
    move_divers(game);
    reward += move_enemy_subs(game);
    move_enemy_bullets(game);
    reward += move_fishes(game);
    if (game->spawn_timer > 0)
        game->spawn_timer--;
    if (game->diver_timer > 0)
        game->diver_timer--;
    if (game->shot_timer > 0)
        game->shot_timer--;
    return reward + breathe(game);
}

static void mark(unsigned char *observation, int32_t x, int32_t y, enum channel channel)
{
    minatar_set_bit(observation, (uint32_t)(y * MINATAR_SIDE + x) * CHANNELS + channel);
}

static void seaquest_observe(const void *self, unsigned char *observation)
{
    const struct seaquest *game = self;

    memset(observation, 0, 64); /* two, as one of this size is compiled into a slow string instruction */
    memset(observation + 64, 0, GAUGE_FIRST_BYTE - 64);
    memcpy(observation + GAUGE_FIRST_BYTE, game->gauges, GAUGE_BYTES);
    mark(observation, game->sub_x, game->sub_y, SUB_FRONT);
    mark(observation, game->sub_x - game->sub_step, game->sub_y, SUB_BACK);
    for (int32_t i = 0; i < game->first[LISTS]; i++) {
        const struct item *item = &game->item[i];
        int32_t behind = item->x - item->step;
        bool trail = item->leaves_trail && behind >= 0 && behind <= 9;
        mark(observation, item->x, item->y, item->channel);
        /* Without a trail the same bit again: no branch for what cannot be foreseen. */
        mark(observation, trail ? behind : item->x, item->y, trail ? TRAIL : item->channel);
    }
}

static void list_fields(struct seaquest *game, struct saved_state *state, enum list list, int8_t last_timer,
                        int8_t last_shot_timer)
{
    int8_t first_y = list == FRIENDLY_BULLETS ? 0 : 1;
    int8_t length = (int8_t)count(game, list);

    saved_state_i8(state, "length of a list", &length, 0, capacity[list]);
    game->first[list + 1] = (int8_t)(game->first[list] + length);
    for (int32_t i = 0; i < capacity[list]; i++) {
        struct item none = {.y = first_y, .step = 1};
        struct item *item = i < length ? item_at(game, list, i) : &none;
        saved_state_i8(state, "x of an item", &item->x, 0, 9);
        saved_state_i8(state, "y of an item", &item->y, first_y, 8);
        saved_state_i8(state, "heading of an item", &item->step, -1, 1);
        saved_state_i8(state, "timer of an item", &item->timer, 0, last_timer);
        saved_state_i8(state, "shot timer of an item", &item->shot_timer, 0, last_shot_timer);
        saved_state_require(state, item->step != 0, "every item has a heading");
        item->channel = kind[list].channel;
        item->leaves_trail = kind[list].leaves_trail;
        item->unused = 0;
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
    list_fields(game, state, FRIENDLY_BULLETS, 0, 0);
    list_fields(game, state, DIVERS, DIVER_MOVE_INTERVAL, 0);
    list_fields(game, state, ENEMY_SUBS, FIRST_MOVE_SPEED, ENEMY_SHOT_INTERVAL);
    list_fields(game, state, ENEMY_BULLETS, 0, 0);
    list_fields(game, state, FISHES, FIRST_MOVE_SPEED, 0);
    saved_state_require(state,
                        game->sub_step != 0 && game->sub_x - game->sub_step >= 0 && game->sub_x - game->sub_step <= 9,
                        "the sub's back lies inside the grid");
    saved_state_require(state, game->surfaced || oxygen < FULL_OXYGEN, "a sub under water has used oxygen");
    game->oxygen = (int16_t)oxygen;
    draw_gauges(game);
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
