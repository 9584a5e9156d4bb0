/* arq play: watch an agent, or play yourself, in the terminal. */
#include "commands.h"

#include "cli/id.h"
#include "cli/message.h"
#include "cli/session.h"
#include "host/clock.h"
#include "host/terminal.h"
#include "play/game.h"
#include "play/recorder.h"
#include "run/folder.h"
#include "run/saved.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FPS_PERSON 8.0
#define FPS_AGENT 15.0
#define FPS_LOW 0.5
#define FPS_HIGH 60.0
#define TEXT_LINES 5
#define GAME_OVER_SECONDS 1.5
#define RECORD_PIXELS 320

typedef struct play_settings {
    double fps, epsilon;
    uint64_t seed, episodes;
    const char *record;
    int wait, trust;
} play_settings;

#define OWN UINT64_MAX

static const option options[] = {
    {"fps", OPTION_NUMBER, offsetof(play_settings, fps), FPS_LOW, FPS_HIGH, "N",
     "Steps a second; default: 15 to watch, 8 to play. + and - change it."},
    {"episodes", OPTION_COUNT, offsetof(play_settings, episodes), 1, 1e9, "N",
     "End after so many; default: when q is pressed, with --record 1."},
    {"epsilon", OPTION_NUMBER, offsetof(play_settings, epsilon), 0, 1, "E",
     "The agent's share of random actions; default: 0."},
    {"seed", OPTION_COUNT, offsetof(play_settings, seed), 0, 9007199254740991, "S",
     "Of the environment; default: another one each time, with --record 1."},
    {"wait", OPTION_SWITCH, offsetof(play_settings, wait), 0, 0, NULL, "The world waits for each of your keys."},
    {"record", OPTION_TEXT, offsetof(play_settings, record), 0, 0, "FILE",
     "Write what the agent plays to FILE.gif, .mp4, or numbered .png or .ppm, instead of showing it."},
    {"trust", OPTION_SWITCH, offsetof(play_settings, trust), 0, 0, NULL,
     "Load the plugin's file that the run names: it may do whatever you may."},
    {.name = NULL}};

/* What is on the screen, and what the keys have asked for. */
typedef struct stage {
    game *game;
    const play_settings *settings;
    picture picture;
    text screen;
    double fps;
    int paused, quit, restart;
    int32_t idle;    /* the action when no key was pressed; -1: the game waits for a key */
    int32_t pressed; /* the action of the last key, or -1 */
} stage;

/* ---- The screen ---- */

static void add_values(stage *self)
{
    game *current = self->game;
    char name[64];
    for (uint32_t i = 0; i < current->actions && i < 8; i++) {
        game_action_text(current, i, name, sizeof(name));
        int chosen = (int32_t)i == current->action;
        text_add(&self->screen, "%s%s%s %.2f%s", i == 0 ? "Q: " : "  ", chosen ? "\033[1m" : "", name,
                 (double)current->q[i], chosen ? "\033[0m" : "");
    }
}

static void add_help(stage *self)
{
    game *current = self->game;
    char name[64];
    if (current->network != NULL) {
        add_values(self);
    } else {
        text_add(&self->screen, "arrows or wasd, space = fire, or by number:");
        for (uint32_t i = 0; i < current->actions && i < 10; i++) {
            game_action_text(current, i, name, sizeof(name));
            text_add(&self->screen, " %u %s", i, name);
        }
    }
    text_add(&self->screen, "\033[K\r\nq quit  p pause  r restart  + - speed (%g/s)\033[K\r\n", self->fps);
}

static int show(stage *self)
{
    game *current = self->game;
    uint32_t width = 0;
    uint32_t height = 0;
    size_t lines = terminal_height();
    picture_terminal_size(terminal_width(), lines > TEXT_LINES ? lines - TEXT_LINES : 1, &width, &height);
    int result = picture_draw(&self->picture, current->context, current->env, width, height);
    if (result != 0) {
        return result;
    }
    self->screen.count = 0;
    text_add(&self->screen, "\033[H");
    picture_print(&self->picture, &self->screen);
    text_add(&self->screen, "%s  score %g", current->id, current->score);
    if (current->episodes > 0) {
        text_add(&self->screen, "  best %g", current->best);
    }
    text_add(&self->screen, "  step %llu%s\033[K\r\n", (unsigned long long)current->steps,
             self->paused ? "  paused" : "");
    add_help(self);
    if (current->ended) {
        text_add(&self->screen, "\033[1mgame over: score %g%s\033[0m", current->score,
                 current->network == NULL ? " - space or r: again, q: quit" : "");
    }
    text_add(&self->screen, "\033[K\033[J");
    if (self->screen.failed) {
        return message_fail("no memory for the screen");
    }
    return terminal_write(self->screen.bytes, self->screen.count) == 0 ? 0 : message_fail("the terminal is gone");
}

/* ---- The keys ---- */

static const char *key_word(int key)
{
    switch (key) {
    case KEY_LEFT:
    case 'a':
        return "left";
    case KEY_RIGHT:
    case 'd':
        return "right";
    case KEY_UP:
    case 'w':
        return "up";
    case KEY_DOWN:
    case 's':
        return "down";
    case ' ':
        return "fire";
    default:
        return NULL;
    }
}

static void press(stage *self, int key)
{
    const char *word = key_word(key);
    switch (key) {
    case 'q':
    case KEY_END:
        self->quit = 1;
        return;
    case 'p':
        self->paused = !self->paused;
        return;
    case 'r':
        self->restart = 1;
        return;
    case '+':
    case '=':
        self->fps = fmin(FPS_HIGH, self->fps * 1.25);
        return;
    case '-':
        self->fps = fmax(FPS_LOW, self->fps / 1.25);
        return;
    default:
        break;
    }
    if (self->game->ended && key == ' ') {
        self->restart = 1;
    } else if (word != NULL) {
        self->pressed = game_find_action(self->game, word);
    } else if (key >= '0' && key <= '9' && (uint32_t)(key - '0') < self->game->actions) {
        self->pressed = key - '0';
    }
}

static int is_waiting(const stage *self)
{
    return self->paused ||
           (self->game->network == NULL && (self->game->ended || (self->idle < 0 && self->pressed < 0)));
}

/* Reads keys until it is time for the next step; while the game waits for a key, until there is one. */
static int serve_keys(stage *self, double until)
{
    self->pressed = -1;
    while (!self->quit && !self->restart) {
        double left = until - clock_seconds();
        if (left <= 0 && !is_waiting(self)) {
            break;
        }
        int key = terminal_key(is_waiting(self) ? 0.25 : left);
        if (key == KEY_NONE) {
            continue;
        }
        press(self, key);
        int result = show(self);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

/* ---- The loop ---- */

/* The next step, or the next episode. */
static int go_on(stage *self)
{
    int32_t action = self->pressed >= 0 ? self->pressed : self->idle;
    if (self->restart || self->game->ended) {
        self->restart = 0;
        return game_begin(self->game, NULL);
    }
    int result = self->game->network == NULL ? 0 : game_choose(self->game, &action);
    if (result != 0) {
        return result;
    }
    return game_step(self->game, action);
}

static int is_over(const stage *self)
{
    return self->quit || (self->game->ended && self->game->episodes >= self->settings->episodes);
}

static int play(stage *self)
{
    uint64_t seed = self->settings->seed;
    int result = game_begin(self->game, &seed);
    double next = clock_seconds();
    while (result == 0) {
        result = show(self);
        if (result != 0) {
            break;
        }
        next = fmax(next + 1 / self->fps, clock_seconds());
        if (self->game->ended && self->game->network != NULL) {
            next = clock_seconds() + GAME_OVER_SECONDS;
        }
        result = serve_keys(self, next);
        if (result != 0 || is_over(self)) {
            break;
        }
        result = go_on(self);
    }
    return result;
}

/* Draws a first picture before the screen is cleared, so that the error of an environment without pictures is seen. */
static int try_picture(stage *self)
{
    uint64_t seed = self->settings->seed;
    int result = game_begin(self->game, &seed);
    if (result != 0) {
        return result;
    }
    return picture_draw(&self->picture, self->game->context, self->game->env, 1, 1);
}

static int play_on_screen(stage *self)
{
    int result = try_picture(self);
    if (result != 0) {
        return result;
    }
    if (terminal_enter() != 0) {
        return message_fail("standard input is no terminal: %s", strerror(errno));
    }
    result = play(self);
    terminal_leave();
    uint64_t episodes = self->game->episodes;
    if (episodes > 0) {
        printf("%llu game%s, best score %g\n", (unsigned long long)episodes, episodes == 1 ? "" : "s",
               self->game->best);
    }
    return result;
}

static int play_on_terminal(game *current, play_settings *settings)
{
    stage shown = {.game = current, .settings = settings, .pressed = -1};
    if (!terminal_is_input() || !terminal_is_output()) {
        return message_usage("it needs a terminal; without one: arq eval RUN, or arq play RUN --record FILE.gif");
    }
    shown.fps = settings->fps > 0 ? settings->fps : current->network == NULL ? FPS_PERSON : FPS_AGENT;
    shown.idle = settings->wait ? -1 : game_find_action(current, "none");
    if (settings->seed == OWN) {
        settings->seed = (uint64_t)time(NULL);
    }
    int result = play_on_screen(&shown);
    picture_free(&shown.picture);
    text_free(&shown.screen);
    return result;
}

/* ---- The recording ---- */

static int record_frame(game *current, recorder *film, picture *frame)
{
    int result = picture_draw(frame, current->context, current->env, RECORD_PIXELS, RECORD_PIXELS);
    if (result != 0) {
        return result;
    }
    return recorder_add(film, frame);
}

static int play_step(game *current)
{
    int32_t action = 0;
    int result = game_choose(current, &action);
    if (result != 0) {
        return result;
    }
    return game_step(current, action);
}

static int record_frames(game *current, const play_settings *settings, recorder *film, picture *frame)
{
    uint64_t episodes = settings->episodes == OWN ? 1 : settings->episodes;
    uint64_t seed = settings->seed == OWN ? 1 : settings->seed;
    int result = game_begin(current, &seed);
    while (result == 0) {
        result = record_frame(current, film, frame);
        if (result != 0 || (current->ended && current->episodes >= episodes)) {
            break;
        }
        result = current->ended ? game_begin(current, NULL) : play_step(current);
    }
    return result;
}

static int record(game *current, const play_settings *settings)
{
    picture frame = {.rgb = NULL};
    recorder film;
    if (current->network == NULL) {
        return message_usage("--record shows an agent: name a run or a network's file");
    }
    int result = recorder_begin(&film, settings->record, settings->fps > 0 ? settings->fps : FPS_AGENT);
    if (result != 0) {
        return result;
    }
    result = record_frames(current, settings, &film, &frame);
    int ended = recorder_end(&film);
    picture_free(&frame);
    return result != 0 ? result : ended;
}

/* ---- The command ---- */

/* What has to be released at the end. */
typedef struct playing {
    arq_context *context;
    arq_network *network; /* NULL: a person plays */
    arq_env *env;
    game game;
    char environment[ID_SIZE];
} playing;

/* Opens what the arguments name: a run or a network's file, an environment, or both. */
static int open_players(playing *self, const arguments *given, const play_settings *settings)
{
    const char *what = given->positional[0];
    int is_run = run_folder_exists(what) || given->positional_count == 2;
    if (is_run) {
        int result = saved_network(self->context, what, &self->network, self->environment);
        if (result != 0) {
            return result;
        }
    }
    if (!is_run || given->positional_count == 2) {
        snprintf(self->environment, sizeof(self->environment), "%s", given->positional[given->positional_count - 1]);
    }
    if (self->environment[0] == '\0') {
        return message_usage("%s does not say its environment: name it, arq play FILE ENV", what);
    }
    int result =
        saved_environment_check(what, self->environment, settings->trust || !is_run || given->positional_count == 2);
    if (result != 0) {
        return result;
    }
    result = session_environment(self->context, self->environment, &self->env);
    if (result != 0) {
        return result;
    }
    return game_open(&self->game, self->context, self->env, self->environment, self->network, settings->epsilon);
}

static void close_players(playing *self)
{
    game_close(&self->game);
    arq_env_destroy(self->env);
    arq_network_destroy(self->network);
    arq_context_destroy(self->context);
}

static int run(const command *self, int argc, char **argv)
{
    play_settings settings = {.seed = OWN, .episodes = OWN};
    playing work = {.context = NULL};
    arguments given;
    int result = options_parse(self, argc, argv, &settings, &given);
    if (result != 0) {
        return result;
    }
    result = session_open(NULL, 1, &work.context);
    if (result != 0) {
        return result;
    }
    result = open_players(&work, &given, &settings);
    if (result == 0) {
        result = settings.record != NULL ? record(&work.game, &settings) : play_on_terminal(&work.game, &settings);
    }
    close_players(&work);
    return result;
}

const command command_play = {
    .name = "play",
    .synopsis = "RUN|FILE [ENV]|ENV [flags]",
    .doc = "Shows an agent in the terminal, or lets you play with the keys",
    .text = "With a run or a network's file the agent plays; with an environment's id alone you do: arrows or wasd,\n"
            "space to fire, digits for any action by its number. Where no action means doing nothing the world\n"
            "waits for your key.\n",
    .options = options,
    .fewest_positionals = 1,
    .most_positionals = 2,
    .first_positional = "a run, a network's file or an environment's id",
    .run = run,
};
