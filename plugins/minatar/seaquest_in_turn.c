/* What moves in Seaquest, one after the other: how the rules tell it, and needed where the order matters. Lists are
 * gone through from their end; whatever is removed is the first item that equals it. */
#include "seaquest_items.h"

/* Takes out the first item that equals item i, which may be an earlier twin. Returns where item i then is, or -1. */
static int32_t remove_equal(struct seaquest *game, int32_t i)
{
    int32_t twin = 0;

    while (game->item[twin] != game->item[i])
        twin++;
    erase(game, twin);
    return twin == i ? -1 : i - 1;
}

static int32_t find_in_cell(const struct seaquest *game, enum kind kind, uint32_t cell)
{
    int32_t i = 0;

    while (i < game->count && !(kind_of(game->item[i]) == kind && cell_of(game->item[i]) == cell))
        i++;
    return i < game->count ? i : -1;
}

static uint32_t move_bullets(struct seaquest *game)
{
    uint32_t reward = 0;

    for (int32_t i = BULLETS - 1; i >= 0; i--) {
        if (game->bullet[i] == NONE)
            continue;
        game->bullet[i] = move(game->bullet[i]);
        int32_t hit = find_in_cell(game, FISHES, cell_of(game->bullet[i]));
        if (hit < 0)
            hit = find_in_cell(game, ENEMY_SUBS, cell_of(game->bullet[i]));
        if (hit >= 0) {
            erase(game, hit);
            reward++;
        }
        if (hit >= 0 || outside(game->bullet[i]))
            erase_bullet(game, i);
    }
    return reward;
}

static bool board(struct seaquest *game, int32_t i)
{
    if (cell_of(game->item[i]) != sub_cell(game) || game->carried >= FULL_LOAD)
        return false;
    remove_equal(game, i);
    game->carried++;
    return true;
}

static void move_diver(struct seaquest *game, int32_t i)
{
    item *diver = &game->item[i];

    if (board(game, i))
        return;
    if (timer_of(*diver) > 0) {
        *diver -= TIMER;
        return;
    }
    *diver = move(*diver) + DIVER_MOVE_INTERVAL * TIMER;
    if (outside(*diver))
        remove_equal(game, i);
    else
        board(game, i);
}

/* A fish or sub swims, rams the player or is shot. Returns where it is then, or -1. */
static int32_t swim(struct seaquest *game, int32_t i, uint32_t *reward)
{
    item *enemy = &game->item[i];

    if (cell_of(*enemy) == sub_cell(game))
        game->frame.ended = 1;
    if (timer_of(*enemy) > 0) {
        *enemy -= TIMER;
        return i;
    }
    *enemy = move(*enemy) + (uint32_t)game->move_speed * TIMER;
    if (outside(*enemy))
        return remove_equal(game, i);
    if (cell_of(*enemy) == sub_cell(game)) {
        game->frame.ended = 1;
        return i;
    }
    for (int32_t bullet = 0; bullet < BULLETS; bullet++) {
        if (cell_of(game->bullet[bullet]) == cell_of(*enemy)) {
            erase_bullet(game, bullet);
            ++*reward;
            return remove_equal(game, i);
        }
    }
    return i;
}

static void swim_and_shoot(struct seaquest *game, int32_t i, uint32_t *reward)
{
    item gone = move(game->item[i]);
    int32_t now = swim(game, i, reward);
    item *sub = now < 0 ? &gone : &game->item[now]; /* what is gone still shoots from where it came to */

    if (shot_timer_of(*sub) > 0) {
        *sub -= SHOT_TIMER;
        return;
    }
    *sub += ENEMY_SHOT_INTERVAL * SHOT_TIMER;
    append(game, (*sub & (CELL | HEADS_RIGHT)) | ENEMY_BULLETS * KIND);
}

uint32_t seaquest_move_in_turn(struct seaquest *game)
{
    uint32_t reward = move_bullets(game);

    for (uint32_t kind = 0; kind < KINDS; kind++) {
        for (int32_t i = game->count - 1; i >= 0; i--) {
            if (kind_of(game->item[i]) != kind)
                continue;
            if (kind == DIVERS)
                move_diver(game, i);
            else if (kind == ENEMY_SUBS)
                swim_and_shoot(game, i, &reward);
            else if (kind == ENEMY_BULLETS)
                move_enemy_bullet(game, i);
            else
                swim(game, i, &reward);
        }
    }
    return reward;
}
