#include "env/check/state.h"

#include "env/check/play.h"

#include <inttypes.h>
#include <string.h>

/* How far a loaded instance is followed. */
#define FUTURE 100u

/* Pictures and states larger than this are not tried out: memory may not hold them. */
#define MOST_BYTES ((size_t)1 << 26)

typedef struct saved {
    unsigned char *bytes; /* between guards; NULL if there is none */
    size_t size;
} saved;

static void free_saved(arq_check *check, saved *state)
{
    arq_guarded_free(check, state->bytes, state->size);
    state->bytes = NULL;
}

/* One call of save into a new buffer of `capacity`. */
static int save_into(arq_player *player, size_t capacity, uint8_t fill, saved *state, size_t *size, arq_status *status)
{
    arq_check *check = player->check;
    state->size = capacity;
    state->bytes = arq_guarded_alloc(check, capacity, fill);
    if (state->bytes == NULL) {
        return 0;
    }
    *status = check->methods.save(player->self, state->bytes, capacity, size);
    if (!arq_guarded_intact(state->bytes, capacity)) {
        arq_check_report(check, ARQ_PROMISE_SAVE_GUARD,
                         "save wrote beyond a buffer of %zu bytes at step %" PRIu64 " of episode %" PRIu64, capacity,
                         player->step, player->episode);
    }
    return 1;
}

/* Saves into an exactly fitting buffer; 0 when that does not work. Free with free_saved in any case. */
static int save(arq_player *player, uint8_t fill, saved *state)
{
    arq_check *check = player->check;
    size_t size = 0;
    size_t written = 0;
    state->bytes = NULL;
    arq_status status = check->methods.save(player->self, NULL, 0, &size);
    if (!arq_check_method(player, "save (size only)", status)) {
        return 0;
    }
    if (size > MOST_BYTES) {
        arq_check_report(check, ARQ_PROMISE_SAVE_SIZE, "save: the state's size is %zu bytes; at most %zu are checked",
                         size, MOST_BYTES);
        return 0;
    }
    if (!save_into(player, size, fill, state, &written, &status) || !arq_check_method(player, "save", status)) {
        return 0;
    }
    if (written != size) {
        arq_check_report(check, ARQ_PROMISE_SAVE_SIZE,
                         "save: the size is %zu when asked and %zu when written at step %" PRIu64 " of episode %" PRIu64
                         "; both must be the bytes of the state",
                         size, written, player->step, player->episode);
        return 0;
    }
    return 1;
}

/* Two saves of one state must give the same bytes, all of them written. */
static int judge_save(arq_player *player)
{
    arq_check *check = player->check;
    saved a = {0};
    saved b = {0};
    int goes_on = save(player, 0x35, &a) && save(player, 0xca, &b);
    if (goes_on && a.size != b.size) {
        arq_check_report(check, ARQ_PROMISE_SAVE_SAME, "save: one state has %zu bytes, then %zu", a.size, b.size);
        goes_on = 0;
    }
    for (size_t i = 0; goes_on && i < a.size; i++) {
        if (a.bytes[i] == b.bytes[i]) {
            continue;
        }
        if (a.bytes[i] == 0x35 && b.bytes[i] == 0xca) {
            arq_check_report(check, ARQ_PROMISE_SAVE_WRITTEN, "save left byte %zu of %zu unwritten", i, a.size);
        } else {
            arq_check_report(check, ARQ_PROMISE_SAVE_SAME, "save: byte %zu of one state is 0x%02x, then 0x%02x", i,
                             a.bytes[i], b.bytes[i]);
        }
        break;
    }
    if (goes_on && a.size > 0) {
        /* A buffer that is too small may be refused or not, but nothing may be written beyond it. */
        saved small = {0};
        size_t size;
        arq_status status;
        goes_on = save_into(player, a.size - 1, 0, &small, &size, &status);
        arq_check_status_sign(check, "save", goes_on ? status : ARQ_OK);
        free_saved(check, &small);
    }
    free_saved(check, &a);
    free_saved(check, &b);
    return goes_on;
}

/* The script, saved after every move. */
static int check_save_is_harmless(arq_check *check)
{
    arq_player player;
    int goes_on = arq_player_create(check, &player) && arq_player_begin(&player, check->seed) && judge_save(&player);
    for (uint32_t move = 0; goes_on && move < ARQ_CHECK_MOVES; move++) {
        uint32_t reached = arq_player_follow(&player, move, move + 1);
        if (reached == move) {
            arq_check_report(check, ARQ_PROMISE_SAVE_HARMLESS,
                             "save changes the state: move %" PRIu32 " differs when every state is saved", move);
        }
        goes_on = reached == move + 1 && judge_save(&player);
    }
    arq_player_destroy(&player);
    return goes_on;
}

/* Lets `target` take over `state`, which `source` has saved; the buffer is gone afterwards. */
static int load(arq_player *target, const arq_player *source, const saved *state)
{
    arq_check *check = target->check;
    unsigned char *copy = arq_guarded_alloc(check, state->size, 0);
    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, state->bytes, state->size);
    arq_status status = check->methods.load(target->self, copy, state->size);
    memset(copy, 0x6b, state->size);
    arq_guarded_free(check, copy, state->size);
    target->script = source->script;
    target->ended = source->ended;
    target->episode = source->episode;
    target->step = source->step;
    return arq_check_method(target, "load of a state of the same options", status);
}

static int judge_future(arq_player *player, uint32_t from, arq_promise promise, const char *where)
{
    uint32_t to = from + FUTURE < ARQ_CHECK_MOVES ? from + FUTURE : ARQ_CHECK_MOVES;
    uint32_t reached = arq_player_follow(player, from, to);
    if (reached < to) {
        arq_check_report(player->check, promise,
                         "load %s: the state saved after move %" PRIu32 " goes on differently at move %" PRIu32
                         "; what follows must be the same, bit for bit",
                         where, from, reached);
    }
    return reached == to;
}

/* Loads the state after `move` moves into an instance that was never reset and into one that is elsewhere. */
static int check_load_at(arq_check *check, uint32_t move)
{
    arq_player source, fresh, used;
    saved state = {0};
    int goes_on = arq_player_create(check, &source);
    goes_on = arq_player_create(check, &fresh) && goes_on;
    goes_on = arq_player_create(check, &used) && goes_on;
    goes_on = goes_on && arq_player_begin(&source, check->seed) && arq_player_follow(&source, 0, move) == move &&
              save(&source, 0, &state);
    goes_on = goes_on && load(&fresh, &source, &state) &&
              judge_future(&fresh, move, ARQ_PROMISE_LOAD_NEW, "into a new instance");
    goes_on = goes_on && arq_player_begin(&used, check->seed + 2);
    for (int i = 0; goes_on && i < 7; i++) {
        goes_on = arq_player_move(&used);
    }
    goes_on = goes_on && load(&used, &source, &state) &&
              judge_future(&used, move, ARQ_PROMISE_LOAD_USED, "into an instance that has played");
    free_saved(check, &state);
    arq_player_destroy(&source);
    arq_player_destroy(&fresh);
    arq_player_destroy(&used);
    return goes_on;
}

/* Calls load with a broken state. Returns 1 if it was accepted, 0 if refused, -1 if the check cannot go on. */
static int try_broken(arq_player *player, const saved *before, const unsigned char *bytes, size_t size)
{
    arq_check *check = player->check;
    unsigned char *copy = arq_guarded_alloc(check, size, 0);
    if (copy == NULL) {
        return -1;
    }
    memcpy(copy, bytes, size);
    arq_status status = check->methods.load(player->self, copy, size);
    arq_guarded_free(check, copy, size);
    arq_check_status_sign(check, "load", status);
    if (status == ARQ_OK) {
        return 1;
    }
    saved after = {0};
    if (!save(player, 0, &after)) {
        free_saved(check, &after);
        return -1;
    }
    if (after.size != before->size || memcmp(after.bytes, before->bytes, after.size) != 0) {
        arq_check_report(check, ARQ_PROMISE_LOAD_REFUSED,
                         "load refused a state of %zu bytes with code %" PRId32 " and changed the instance", size,
                         status);
    }
    free_saved(check, &after);
    return 0;
}

/* After a broken state was accepted the instance must still keep its promises. */
static int play_on(arq_player *player, const char *what)
{
    arq_check *check = player->check;
    uint32_t broken = check->broken;
    player->ended = 0;
    player->step = 0;
    for (int i = 0; i < 30 && check->broken == broken; i++) {
        if (!arq_player_move(player)) {
            break;
        }
    }
    if (check->broken != broken) {
        arq_check_report(check, ARQ_PROMISE_LOAD_BROKEN,
                         "load accepted %s and then broke the promise of the line before; it must be refused", what);
        return 0;
    }
    return 1;
}

/* Puts the instance back to where `before` was saved. */
static int restore(arq_player *player, const saved *before)
{
    arq_status status = player->check->methods.load(player->self, before->bytes, before->size);
    return arq_check_method(player, "load of an own state", status);
}

static int check_short_states(arq_player *player, const saved *before)
{
    const size_t sizes[] = {0, 1, before->size / 2, before->size - 1};
    for (size_t i = 0; before->size > 0 && i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if (sizes[i] >= before->size) {
            continue;
        }
        int accepted = try_broken(player, before, before->bytes, sizes[i]);
        if (accepted < 0) {
            return 0;
        }
        if (accepted) {
            arq_check_report(player->check, ARQ_PROMISE_LOAD_SHORT,
                             "load accepted the first %zu bytes of a state of %zu; it must be refused", sizes[i],
                             before->size);
            return restore(player, before);
        }
    }
    return 1;
}

/* Single changed bytes all over the state, then random bytes alone. */
static int check_garbage(arq_player *player, const saved *before)
{
    arq_check *check = player->check;
    arq_random random;
    arq_random_seed(&random, check->seed, ARQ_STREAM_CHECK);
    unsigned char *bytes = arq_guarded_alloc(check, before->size, 0);
    int goes_on = bytes != NULL;
    for (int i = 0; goes_on && i < 64; i++) {
        memcpy(bytes, before->bytes, before->size);
        size_t changes = i < 48 ? 1 : before->size;
        for (size_t k = 0; k < changes; k++) {
            size_t at = changes == 1 ? (size_t)arq_random_below(&random, before->size) : k;
            bytes[at] = (unsigned char)(bytes[at] ^ (1 + arq_random_below(&random, 255)));
        }
        int accepted = try_broken(player, before, bytes, before->size);
        goes_on = accepted >= 0;
        if (accepted == 1) {
            goes_on = play_on(player, changes == 1 ? "a state with one byte changed" : "random bytes as a state") &&
                      restore(player, before);
        }
    }
    arq_guarded_free(check, bytes, before->size);
    return goes_on;
}

static void check_refusals(arq_check *check)
{
    enum { MOVES = 20 };
    arq_player player;
    saved state = {0};
    int goes_on = arq_player_create(check, &player) && arq_player_begin(&player, check->seed) &&
                  arq_player_follow(&player, 0, MOVES) == MOVES && save(&player, 0, &state);
    const arq_player then = player;
    if (goes_on && state.size > 0 && check_short_states(&player, &state) && check_garbage(&player, &state) &&
        restore(&player, &state)) {
        player = then;
        judge_future(&player, MOVES, ARQ_PROMISE_LOAD_REFUSED, "after refused states");
    }
    free_saved(check, &state);
    arq_player_destroy(&player);
}

void arq_check_save_load(arq_check *check)
{
    if (check->methods.save == NULL || check->methods.load == NULL || !check_save_is_harmless(check)) {
        return;
    }
    /* Saves are loaded at the start, at an episode's end, and at moves all over the script. */
    uint32_t end = 0;
    while (end + 1 < ARQ_CHECK_MOVES && !check->ended_after[end]) {
        end++;
    }
    const uint32_t moves[] = {0, 1, 5, end + 1, 37, 150, ARQ_CHECK_MOVES - FUTURE};
    int goes_on = 1;
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]) && goes_on; i++) {
        goes_on = check_load_at(check, moves[i]);
    }
    if (goes_on) {
        check_refusals(check);
    }
}

/* The size of the picture in bytes, 0 if it is impossible. */
static size_t picture_bytes(arq_check *check, uint32_t width, uint32_t height)
{
    size_t pixels = 0;
    size_t bytes = 0;
    if (!arq_multiply_sizes(width, height, &pixels) || !arq_multiply_sizes(pixels, 3, &bytes) || bytes == 0 ||
        bytes > MOST_BYTES) {
        arq_check_report(check, ARQ_PROMISE_RENDER_SIZE,
                         "render: the picture is %" PRIu32 " x %" PRIu32 " pixels; 1 .. %zu bytes are accepted", width,
                         height, MOST_BYTES);
        return 0;
    }
    return bytes;
}

static int judge_pictures(arq_check *check, const unsigned char *a, const unsigned char *b, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (a[i] == b[i]) {
            continue;
        }
        if (a[i] == 0x35 && b[i] == 0xca) {
            arq_check_report(check, ARQ_PROMISE_RENDER_WRITTEN, "render left byte %zu of %zu unwritten", i, bytes);
        } else {
            arq_check_report(check, ARQ_PROMISE_RENDER_SAME,
                             "render: byte %zu of one state's picture is 0x%02x, then 0x%02x", i, a[i], b[i]);
        }
        return 0;
    }
    return 1;
}

static int judge_render(arq_player *player, uint32_t cell_size)
{
    arq_check *check = player->check;
    uint32_t width = 0;
    uint32_t height = 0;
    arq_status status = check->methods.render(player->self, cell_size, NULL, 0, &width, &height);
    if (!arq_check_method(player, "render (size only)", status)) {
        return 0;
    }
    size_t bytes = picture_bytes(check, width, height);
    unsigned char *pictures[2] = {NULL, NULL};
    int goes_on = bytes > 0;
    for (int i = 0; i < 2 && goes_on; i++) {
        uint32_t size[2] = {0, 0};
        pictures[i] = arq_guarded_alloc(check, bytes, i == 0 ? 0x35 : 0xca);
        if (pictures[i] == NULL) {
            goes_on = 0;
            break;
        }
        status = check->methods.render(player->self, cell_size, pictures[i], bytes, &size[0], &size[1]);
        goes_on = arq_check_method(player, "render", status);
        if (goes_on && (size[0] != width || size[1] != height)) {
            arq_check_report(check, ARQ_PROMISE_RENDER_SIZE,
                             "render: the size is %" PRIu32 " x %" PRIu32 " when asked and %" PRIu32 " x %" PRIu32
                             " when drawn",
                             width, height, size[0], size[1]);
            goes_on = 0;
        }
        /* A buffer that is too small must not be overrun either. */
        if (goes_on && i == 0) {
            status = check->methods.render(player->self, cell_size, pictures[i] + 1, bytes - 1, &size[0], &size[1]);
            arq_check_status_sign(check, "render", status);
            pictures[i][0] = 0x35;
            status = check->methods.render(player->self, cell_size, pictures[i], bytes, &size[0], &size[1]);
            goes_on = arq_check_method(player, "render", status);
        }
        if (!arq_guarded_intact(pictures[i], bytes)) {
            arq_check_report(check, ARQ_PROMISE_RENDER_GUARD,
                             "render wrote beyond a buffer of %zu bytes (%" PRIu32 " x %" PRIu32 " pixels)", bytes,
                             width, height);
        }
    }
    goes_on = goes_on && judge_pictures(check, pictures[0], pictures[1], bytes);
    arq_guarded_free(check, pictures[0], bytes);
    arq_guarded_free(check, pictures[1], bytes);
    return goes_on;
}

void arq_check_render(arq_check *check)
{
    if (check->methods.render == NULL) {
        return;
    }
    arq_player player;
    int goes_on =
        arq_player_create(check, &player) && arq_player_begin(&player, check->seed) && judge_render(&player, 1);
    for (uint32_t move = 0; goes_on && move < ARQ_CHECK_MOVES / 4; move++) {
        uint32_t reached = arq_player_follow(&player, move, move + 1);
        if (reached == move) {
            arq_check_report(check, ARQ_PROMISE_RENDER_HARMLESS,
                             "render changes the state: move %" PRIu32 " differs when every state is drawn", move);
        }
        goes_on = reached == move + 1 && judge_render(&player, 1 + move % 5);
    }
    arq_player_destroy(&player);
}
