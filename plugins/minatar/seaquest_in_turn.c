/* What moves in Seaquest, one after the other: how the rules tell it, and needed where the order matters. Lists are
 * gone through from their end; whatever is removed is the first item that equals it. */
#include "seaquest_items.h"

static uint32_t sub_cell(const struct seaquest_state *game)
{
    return cell_at(game->sub_x, game->sub_y);
}

static void erase(struct seaquest_state *game, int32_t i)
{
    game->count--;
    memmove(game->items + i, game->items + i + 1, (size_t)(game->count - i) * sizeof(*game->items));
}

/* Takes out the first item that equals item i, which may be an earlier twin. Returns where item i then is, or -1. */
static int32_t remove_equal(struct seaquest_state *game, int32_t i)
{
    int32_t twin = 0;

    while (game->items[twin] != game->items[i]) {
        twin++;
    }
    erase(game, twin);
    return twin == i ? -1 : i - 1;
}

static int32_t find_in_cell(const struct seaquest_state *game, enum kind kind, uint32_t cell)
{
    int32_t i = 0;

    while (i < game->count && !(kind_of(game->items[i]) == kind && cell_of(game->items[i]) == cell)) {
        i++;
    }
    return i < game->count ? i : -1;
}

/* Moves a bullet of the player. Returns whether it is gone. */
static bool move_bullet(struct seaquest_state *game, item *bullet, struct outcome *outcome)
{
    *bullet = move(*bullet);
    int32_t hit = find_in_cell(game, FISHES, cell_of(*bullet));
    if (hit < 0) {
        hit = find_in_cell(game, ENEMY_SUBS, cell_of(*bullet));
    }
    if (hit >= 0) {
        erase(game, hit);
        outcome->reward++;
    }
    return hit >= 0 || outside(*bullet);
}

static void erase_older_bullet(struct seaquest_state *game)
{
    game->older_bullet = game->newer_bullet;
    game->newer_bullet = NONE;
}

static void move_bullets(struct seaquest_state *game, struct outcome *outcome)
{
    if (!is_none(game->newer_bullet) && move_bullet(game, &game->newer_bullet, outcome)) {
        game->newer_bullet = NONE;
    }
    if (!is_none(game->older_bullet) && move_bullet(game, &game->older_bullet, outcome)) {
        erase_older_bullet(game);
    }
}

static bool board(struct seaquest_state *game, int32_t i)
{
    if (cell_of(game->items[i]) != sub_cell(game) || game->carried >= FULL_LOAD) {
        return false;
    }
    remove_equal(game, i);
    game->carried++;
    return true;
}

static void move_diver(struct seaquest_state *game, int32_t i)
{
    item *diver = &game->items[i];

    if (board(game, i)) {
        return;
    }
    if (timer_of(*diver) > 0) {
        *diver = (item)(*diver - TIMER);
        return;
    }
    *diver = (item)(move(*diver) + DIVER_MOVE_INTERVAL * TIMER);
    if (outside(*diver)) {
        remove_equal(game, i);
    } else {
        board(game, i);
    }
}

static void move_enemy_bullet(struct seaquest_state *game, int32_t i, struct outcome *outcome)
{
    const item before = game->items[i];
    const item after = move(before);

    if (cell_of(before) == sub_cell(game) || cell_of(after) == sub_cell(game)) {
        outcome->ended = 1;
    }
    game->items[i] = after;
    if (outside(after)) {
        erase(game, i);
    }
}

/* A fish or sub swims, rams the player or is shot. Returns where it is then, or -1. */
static int32_t swim(struct seaquest_state *game, int32_t i, struct outcome *outcome)
{
    item *enemy = &game->items[i];

    if (cell_of(*enemy) == sub_cell(game)) {
        outcome->ended = 1;
    }
    if (timer_of(*enemy) > 0) {
        *enemy = (item)(*enemy - TIMER);
        return i;
    }
    *enemy = (item)(move(*enemy) + (uint32_t)game->move_speed * TIMER);
    if (outside(*enemy)) {
        return remove_equal(game, i);
    }
    if (cell_of(*enemy) == sub_cell(game)) {
        outcome->ended = 1;
        return i;
    }
    if (cell_of(game->older_bullet) == cell_of(*enemy)) {
        erase_older_bullet(game);
    } else if (cell_of(game->newer_bullet) == cell_of(*enemy)) {
        game->newer_bullet = NONE;
    } else {
        return i;
    }
    outcome->reward++;
    return remove_equal(game, i);
}

static void swim_and_shoot(struct seaquest_state *game, int32_t i, struct outcome *outcome)
{
    item gone = move(game->items[i]);
    int32_t now = swim(game, i, outcome);
    item *sub = now < 0 ? &gone : &game->items[now]; /* what is gone still shoots from where it came to */

    if (what_is(*sub) != WHAT_SUB_READY) {
        *sub = (item)(*sub - WHAT_UNIT);
        return;
    }
    *sub = (item)(*sub + WHAT(SUB_HAS_SHOT));
    append(seaquest_view(game), 1, 0, enemy_bullet_from(*sub));
}

struct outcome seaquest_move_in_turn(struct seaquest_state *game)
{
    struct outcome outcome = {0, 0};

    move_bullets(game, &outcome);
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        for (int32_t i = game->count - 1; i >= 0; i--) {
            if (kind_of(game->items[i]) != kind) {
                continue;
            }
            if (kind == DIVERS) {
                move_diver(game, i);
            } else if (kind == ENEMY_SUBS) {
                swim_and_shoot(game, i, &outcome);
            } else if (kind == ENEMY_BULLETS) {
                move_enemy_bullet(game, i, &outcome);
            } else {
                swim(game, i, &outcome);
            }
        }
    }
    return outcome;
}
