/* Seaquest: a submarine shoots fish and enemy submarines, picks up divers and must surface for air. */
#include "seaquest_observation.h"

#define FULL_OXYGEN 200
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

static void seaquest_begin(void *self)
{
    struct seaquest_state *game = &((struct seaquest *)self)->state;

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
    game->count = 0;
    game->older_bullet = NONE;
    game->newer_bullet = NONE;
}

/* Whether an enemy in the row of `enemy` heads the other way. */
static ALWAYS_INLINE bool row_moves_otherwise(struct seaquest_view game, uint32_t width, uint32_t lane, item enemy)
{
    bool found = false;

    for (uint32_t k = 0; k < game.count[lane]; k++) {
        const item other = game.items[k * width + lane];
        const bool is_enemy = (other & WHAT(NO_ENEMY)) != WHAT(NO_ENEMY);
        found |= is_enemy & (((other ^ enemy) & (HEADS_RIGHT | (CELL & ~COLUMN))) == HEADS_RIGHT);
    }
    return found;
}

static ALWAYS_INLINE void spawn_enemy(struct seaquest_view game, uint32_t width, uint32_t lane,
                                      struct numpy_random_state *random)
{
    const bool right = minatar_half_the_time(random);
    const bool is_sub = minatar_a_third_of_the_time(random);
    const int32_t y = numpy_random_state_integer(random, 1, 9);
    const item enemy =
        make(is_sub ? WHAT_SUB_HAS_SHOT : WHAT_FISH, right ? 0 : 9, y, right ? 1 : -1, (uint32_t)game.move_speed[lane]);

    if (!row_moves_otherwise(game, width, lane, enemy)) {
        append(game, width, lane, enemy);
    }
}

static ALWAYS_INLINE void spawn_diver(struct seaquest_view game, uint32_t width, uint32_t lane,
                                      struct numpy_random_state *random)
{
    const bool right = minatar_half_the_time(random);
    const int32_t y = numpy_random_state_integer(random, 1, 9);

    append(game, width, lane, make(WHAT_DIVER, right ? 0 : 9, y, right ? 1 : -1, DIVER_MOVE_INTERVAL));
}

static ALWAYS_INLINE void spawn(struct seaquest_view game, struct minatar_turn turn)
{
    uint8_t spawns[MINATAR_LANES];

    for (uint32_t i = 0; i < turn.width; i++) {
        spawns[i] = ((game.spawn_timer[i] == 0) | (game.diver_timer[i] == 0)) & !turn.ended[i];
    }
    uint64_t spawning = minatar_lanes_where(spawns, turn.width, turn.count);
    minatar_expect_draws(turn, spawning);
    while (spawning != 0) {
        const uint32_t i = minatar_next_lane(&spawning);
        struct numpy_random_state *random = minatar_generator(turn, i);
        if (game.spawn_timer[i] == 0) {
            spawn_enemy(game, turn.width, i, random);
            game.spawn_timer[i] = game.spawn_speed[i];
        }
        if (game.diver_timer[i] == 0) {
            spawn_diver(game, turn.width, i, random);
            game.diver_timer[i] = DIVER_INTERVAL;
        }
        minatar_have_drawn(turn, i);
    }
}

/* What a step works with beside the state. */
struct motion {
    item sub[MINATAR_LANES];          /* its cell */
    item older_bullet[MINATAR_LANES]; /* these and the items as they were before they moved */
    item newer_bullet[MINATAR_LANES];
    item items[ITEMS * MINATAR_LANES];
    item events[MINATAR_LANES]; /* enum event */
};

static ALWAYS_INLINE void act(struct seaquest_view game, struct minatar_turn turn, struct motion *motion)
{
    uint8_t fires[MINATAR_LANES];

    for (uint32_t i = 0; i < turn.width; i++) {
        const uint8_t action = turn.actions[i];
        const int8_t dx = (int8_t)((action == MINATAR_RIGHT) - (action == MINATAR_LEFT));
        const int8_t dy = (int8_t)((action == MINATAR_DOWN) - (action == MINATAR_UP));
        const int8_t x = (int8_t)(game.sub_x[i] + dx);
        const int8_t y = (int8_t)(game.sub_y[i] + dy);
        fires[i] = (action == MINATAR_FIRE) & (game.shot_timer[i] == 0);
        game.shot_timer[i] = fires[i] ? SHOT_INTERVAL : game.shot_timer[i];
        game.sub_step[i] = (int8_t)(dx | (game.sub_step[i] & -(dx == 0)));
        game.sub_x[i] = x < 0 ? 0 : x > 9 ? 9 : x;
        game.sub_y[i] = y < 0 ? 0 : y > 8 ? 8 : y;
    }
    for (uint32_t i = 0; i < turn.width; i++) {
        const item sub = (item)cell_at(game.sub_x[i], game.sub_y[i]);
        const item shot = (item)(sub | (game.sub_step[i] > 0 ? HEADS_RIGHT : 0) | WHAT(BULLET));
        const item is_shot = where(fires[i] != 0);
        const item is_first = where(is_none(game.older_bullet[i])); /* there never are two when the timer has run */
        motion->sub[i] = sub;
        motion->older_bullet[i] = choose(is_shot & is_first, shot, game.older_bullet[i]);
        motion->newer_bullet[i] = choose(is_shot & ~is_first, shot, game.newer_bullet[i]);
    }
}

static ALWAYS_INLINE void move_bullets(struct seaquest_view game, uint32_t width, const struct motion *motion)
{
    for (uint32_t i = 0; i < width; i++) {
        const item older = motion->older_bullet[i];
        const item newer = motion->newer_bullet[i];
        game.older_bullet[i] = (item)(older + (where(!is_none(older)) & step_of(older)));
        game.newer_bullet[i] = (item)(newer + (where(!is_none(newer)) & step_of(newer)));
    }
}

static ALWAYS_INLINE void erase_bullets_outside(struct seaquest_view game, uint32_t width)
{
    for (uint32_t i = 0; i < width; i++) {
        const item older = game.older_bullet[i];
        const item newer = choose(where(outside(game.newer_bullet[i])), NONE, game.newer_bullet[i]);
        game.older_bullet[i] = choose(where(outside(older)), newer, older);
        game.newer_bullet[i] = choose(where(outside(older)), NONE, newer);
    }
}

/* What can happen when everything moves, as bits. */
enum event { RAMS = 1, LEAVES = 2, SHOOTS = 4, IS_SHOT = 8, BOARDS = 16 };

/* Moves an item and says what happens to it, given where the bullets come to. Without branches, because no processor
 * could foresee whose timers end. */
static ALWAYS_INLINE item move_item(item *it, item sub, item enemy_timer, item first_bullet, item second_bullet)
{
    const item now = *it;
    const item is_diver = where((now & WHAT(ANYTHING)) == WHAT(DIVER));
    const item is_sub = where(now < WHAT(FISH));
    const item is_enemy = where((now & WHAT(NO_ENEMY)) != WHAT(NO_ENEMY));
    const item shoots = where((now & WHAT(ANYTHING)) == WHAT(SUB_READY));
    const item moves = where((now & TIMER_BITS * TIMER) == 0);
    const item timer = (is_enemy & enemy_timer) | (is_diver & DIVER_MOVE_INTERVAL * TIMER);
    const item then = choose(moves, (item)(move(now) + timer), (item)(now - TIMER));
    const item meets_sub = where((now & CELL) == sub) | where((then & CELL) == sub);
    const item meets_bullet = where((now & CELL) == first_bullet) | where((now & CELL) == second_bullet) |
                              where((then & CELL) == first_bullet) | where((then & CELL) == second_bullet);

    *it = (item)(then - (is_sub & WHAT_UNIT) + (shoots & (WHAT(SUB_HAS_SHOT) + WHAT_UNIT)));
    return (meets_sub & ~is_diver & RAMS) | (meets_sub & is_diver & BOARDS) | (is_enemy & meets_bullet & IS_SHOT) |
           (shoots & SHOOTS) | (where(outside(then)) & LEAVES);
}

/* Moves the items of one instance, STRIDE at once and never fewer: most instances have few items, and a branch on their
 * number would be mispredicted. What lies behind the last item moves along. */
static ALWAYS_INLINE void move_items_of_one(struct seaquest_view game, struct motion *motion)
{
    const item count = *game.count;
    const item rounded_count = (item)((count + (count == 0) + STRIDE - 1u) / STRIDE * STRIDE);
    const item enemy_timer = (item)(*game.move_speed * TIMER);
    const item first_bullet = *game.older_bullet & CELL;
    const item second_bullet = *game.newer_bullet & CELL;
    const item sub = *motion->sub;
    item events[STRIDE] = {0};

    for (item k = 0; k < rounded_count; k += STRIDE) {
        item *row = game.items + k;
        memcpy(motion->items + k, row, STRIDE * sizeof(*row));
        for (item i = 0; i < STRIDE; i++) {
            events[i] |=
                where((item)(k + i) < count) & move_item(&row[i], sub, enemy_timer, first_bullet, second_bullet);
        }
    }
    *motion->events = 0;
    for (uint32_t i = 0; i < STRIDE; i++) {
        *motion->events |= events[i];
    }
}

/* Moves the items of many instances, one of each at a time. */
static ALWAYS_INLINE void move_items_of_lanes(struct seaquest_view game, uint32_t width, struct motion *motion)
{
    item enemy_timer[MINATAR_LANES], first_bullet[MINATAR_LANES], second_bullet[MINATAR_LANES], count[MINATAR_LANES];
    const uint8_t most = most_items(game, width);

    for (uint32_t i = 0; i < width; i++) {
        count[i] = game.count[i];
        enemy_timer[i] = (item)(game.move_speed[i] * TIMER);
        first_bullet[i] = game.older_bullet[i] & CELL;
        second_bullet[i] = game.newer_bullet[i] & CELL;
        motion->events[i] = 0;
    }
    for (item k = 0; k < most; k++) {
        item *row = game.items + k * width;
        memcpy(motion->items + k * width, row, width * sizeof(*row));
        for (uint32_t i = 0; i < width; i++) {
            motion->events[i] |= where(k < count[i]) &
                                 move_item(&row[i], motion->sub[i], enemy_timer[i], first_bullet[i], second_bullet[i]);
        }
    }
}

/* Something is hit or boards, so the order matters: the instance starts again from before everything moved, and moves
 * one thing after the other. */
static ALWAYS_INLINE void move_in_turn(struct seaquest_view game, struct minatar_turn turn, uint32_t i,
                                       struct motion *motion)
{
    struct seaquest_view before = game;
    struct seaquest_state state;

    before.older_bullet = motion->older_bullet;
    before.newer_bullet = motion->newer_bullet;
    before.items = motion->items;
    seaquest_copy_lane(seaquest_view(&state), 1, 0, before, turn.width, i);
    const struct outcome outcome = seaquest_move_in_turn(&state);
    seaquest_copy_lane(game, turn.width, i, seaquest_view(&state), 1, 0);
    turn.rewards[i] = outcome.reward;
    turn.ended[i] |= outcome.ended;
}

/* Subs that have just shot: their bullets make a first move at once. Returns whether one hits. */
static ALWAYS_INLINE bool add_enemy_bullets(struct seaquest_view game, uint32_t width, uint32_t lane, item sub)
{
    bool hits = false;

    for (int32_t k = game.count[lane] - 1; k >= 0 && game.count[lane] < ITEMS; k--) {
        const item it = game.items[(uint32_t)k * width + lane];
        const item bullet = enemy_bullet_from(it);
        if (what_is(it) != WHAT_SUB_HAS_SHOT) {
            continue;
        }
        if (cell_of(bullet) == sub || cell_of(move(bullet)) == sub) {
            hits = true;
        }
        if (!outside(move(bullet))) {
            append(game, width, lane, move(bullet));
        }
    }
    return hits;
}

static ALWAYS_INLINE void erase_outside(struct seaquest_view game, uint32_t width, uint32_t lane)
{
    uint32_t kept = 0;

    for (uint32_t k = 0; k < game.count[lane]; k++) {
        const item it = game.items[k * width + lane];
        game.items[kept * width + lane] = it;
        kept += !outside(it);
    }
    game.count[lane] = (uint8_t)kept;
}

/* Everything moves at once, unless something is hit or boards. */
static ALWAYS_INLINE void move_all(struct seaquest_view game, struct minatar_turn turn, struct motion *motion)
{
    uint8_t in_turn[MINATAR_LANES], otherwise[MINATAR_LANES];

    move_bullets(game, turn.width, motion);
    if (turn.width == 1) {
        move_items_of_one(game, motion);
    } else {
        move_items_of_lanes(game, turn.width, motion);
    }
    erase_bullets_outside(game, turn.width);
    for (uint32_t i = 0; i < turn.width; i++) {
        in_turn[i] = (motion->events[i] & (IS_SHOT | BOARDS)) != 0;
        otherwise[i] = motion->events[i] != 0 && !in_turn[i];
    }
    uint64_t lanes = minatar_lanes_where(in_turn, turn.width, turn.count);
    while (lanes != 0) {
        move_in_turn(game, turn, minatar_next_lane(&lanes), motion);
    }
    lanes = minatar_lanes_where(otherwise, turn.width, turn.count);
    while (lanes != 0) {
        const uint32_t i = minatar_next_lane(&lanes);
        turn.ended[i] |= motion->events[i] & RAMS;
        if (motion->events[i] & SHOOTS) {
            turn.ended[i] |= add_enemy_bullets(game, turn.width, i, motion->sub[i]);
        }
        if (motion->events[i] & LEAVES) {
            erase_outside(game, turn.width, i);
        }
    }
}

static ALWAYS_INLINE void ramp(struct seaquest_view game, uint32_t i)
{
    if (game.spawn_speed[i] <= 1 && game.move_speed[i] <= LAST_MOVE_SPEED) {
        return;
    }
    if (game.move_speed[i] > LAST_MOVE_SPEED && game.ramp_index[i] % 2) {
        game.move_speed[i]--;
    }
    if (game.spawn_speed[i] > 1) {
        game.spawn_speed[i]--;
    }
    game.ramp_index[i]++;
}

/* Air for divers: a full load pays for the oxygen left, anything less costs a diver. Nobody surfaces without. */
static ALWAYS_INLINE void surface(struct seaquest_view game, struct minatar_turn turn, uint32_t i)
{
    if (game.carried[i] == 0) {
        turn.ended[i] = 1;
        return;
    }
    game.surfaced[i] = 1;
    if (game.carried[i] == FULL_LOAD) {
        game.carried[i] = 0;
        turn.rewards[i] = (uint8_t)(turn.rewards[i] + game.oxygen[i] / OXYGEN_OF_COLUMN);
    }
    game.oxygen[i] = FULL_OXYGEN;
    if (game.carried[i] > LOWEST_CARRIED) {
        game.carried[i]--;
    }
    if (turn.ramping) {
        ramp(game, i);
    }
}

static ALWAYS_INLINE void breathe(struct seaquest_view game, struct minatar_turn turn)
{
    uint8_t surfaces[MINATAR_LANES];

    for (uint32_t i = 0; i < turn.width; i++) {
        turn.ended[i] |= game.oxygen[i] <= 0;
    }
    for (uint32_t i = 0; i < turn.width; i++) {
        const int8_t under_water = game.sub_y[i] > 0;
        surfaces[i] = !(under_water | game.surfaced[i]);
        game.surfaced[i] = game.surfaced[i] & !under_water;
    }
    for (uint32_t i = 0; i < turn.width; i++) {
        game.oxygen[i] = (int16_t)(game.oxygen[i] - (game.sub_y[i] > 0));
    }
    uint64_t lanes = minatar_lanes_where(surfaces, turn.width, turn.count);
    while (lanes != 0) {
        surface(game, turn, minatar_next_lane(&lanes));
    }
}

static ALWAYS_INLINE void seaquest_advance(struct seaquest_view game, struct minatar_turn turn)
{
    struct motion motion;

    for (uint32_t i = 0; i < turn.width; i++) {
        turn.rewards[i] = 0;
    }
    spawn(game, turn);
    act(game, turn, &motion);
    move_all(game, turn, &motion);
    for (uint32_t i = 0; i < turn.width; i++) {
        game.spawn_timer[i] = (int8_t)(game.spawn_timer[i] - (game.spawn_timer[i] > 0));
        game.diver_timer[i] = (int8_t)(game.diver_timer[i] - (game.diver_timer[i] > 0));
        game.shot_timer[i] = (int8_t)(game.shot_timer[i] - (game.shot_timer[i] > 0));
    }
    breathe(game, turn);
}

static void item_fields(item *it, struct saved_state *state, bool is_bullet)
{
    uint8_t kind = is_bullet ? 0 : (uint8_t)kind_of(*it);
    int8_t x = (int8_t)((*it & COLUMN) - 1);
    int8_t y = (int8_t)(cell_of(*it) / 16);
    int8_t step = *it & HEADS_RIGHT ? 1 : -1;
    uint8_t timer = (uint8_t)timer_of(*it);
    uint8_t shot_timer = kind == ENEMY_SUBS ? (uint8_t)what_is(*it) : 0;

    saved_state_u8(state, "kind of an item", &kind, 0, is_bullet ? 0 : KINDS - 1);
    saved_state_i8(state, "x of an item", &x, 0, 9);
    saved_state_i8(state, "y of an item", &y, is_bullet ? 0 : 1, 8);
    saved_state_i8(state, "heading of an item", &step, -1, 1);
    saved_state_u8(state, "timer of an item", &timer, 0, is_bullet || kind == ENEMY_BULLETS ? 0 : LAST_TIMER);
    saved_state_u8(state, "shot timer of an item", &shot_timer, 0, kind == ENEMY_SUBS ? ENEMY_SHOT_INTERVAL : 0);
    saved_state_require(state, step != 0, "every item has a heading");
    const uint32_t what_of_kind[KINDS] = {WHAT_DIVER, shot_timer, WHAT_ENEMY_BULLET, WHAT_FISH};
    *it = make(is_bullet ? WHAT_BULLET : what_of_kind[kind % KINDS], x, y, step, timer);
}

/* Stands for an item where there is none: it is written, or read and dropped. */
static item blank(void)
{
    return make(WHAT_DIVER, 0, 1, 1, 0);
}

static void bullet_fields(struct seaquest_state *game, struct saved_state *state)
{
    item *bullets[BULLETS] = {&game->older_bullet, &game->newer_bullet};
    uint8_t count = (uint8_t)(!is_none(game->older_bullet) + !is_none(game->newer_bullet));

    saved_state_u8(state, "number of bullets", &count, 0, BULLETS);
    for (uint8_t i = 0; i < BULLETS; i++) {
        item bullet = i < count ? *bullets[i] : blank();
        item_fields(&bullet, state, true);
        *bullets[i] = i < count ? bullet : NONE;
    }
}

static void seaquest_fields(void *self, struct saved_state *state)
{
    struct seaquest_state *game = &((struct seaquest *)self)->state;
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
        item none = blank();
        item_fields(i < game->count ? &game->items[i] : &none, state, false);
    }
    saved_state_require(state,
                        game->sub_step != 0 && game->sub_x - game->sub_step >= 0 && game->sub_x - game->sub_step <= 9,
                        "the sub's back lies inside the grid");
    saved_state_require(state, game->surfaced || oxygen < FULL_OXYGEN, "a sub under water has used oxygen");
    game->oxygen = (int16_t)oxygen;
}

static const struct minatar_rules seaquest_rules = {
    .id = "minatar/seaquest",
    .channel_count = CHANNELS,
    .channels = channels,
    .minimal_count = MINATAR_ACTIONS,
    .minimal = {MINATAR_NONE, MINATAR_LEFT, MINATAR_UP, MINATAR_RIGHT, MINATAR_DOWN, MINATAR_FIRE},
    .reward_high = 11, /* two bullets that hit, and nine columns of oxygen when surfacing */
    .begin = seaquest_begin,
    .fields = seaquest_fields,
};

MINATAR_DEFINE_TYPE(seaquest, "Shoot, rescue divers, and surface before the oxygen ends");
