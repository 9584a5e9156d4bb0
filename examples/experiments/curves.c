/*
 * Learning curves of several methods in one environment: same seeds, same schedule, one setting apart.
 *
 *   curves OUT ENV EPISODES STEPS SEEDS METHOD...
 *
 * A METHOD is NAME:PRESET[,PARAMETER=VALUE...] (commas inside a value are written as +: widths=128+64). Each seed is
 * trained until EPISODES have ended or STEPS were made (0: no limit of that kind; both 0: the total_steps of the
 * method's preset). Writes OUT.csv (every episode's return), OUT.svg (mean return over seeds, and their range) and
 * prints a table: the mean over seeds of the last tenth of the episodes, with the standard deviation between seeds, and
 * of 50 greedy episodes afterwards.
 */
#include <arq/arq.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POINTS 60 /* of a curve */
#define MOST_SEEDS 64
#define MOST_METHODS 16
#define EVALUATION_EPISODES 50

typedef struct experiment_plan {
    const char *out, *environment;
    uint64_t episodes, steps, seeds;
} experiment_plan;

/* What one seed of one method gave. */
typedef struct outcome {
    double *returns; /* [room] */
    uint64_t *ends;  /* [room] steps made at each end */
    uint64_t room, episodes, steps;
    double evaluation;
    double seconds;
} outcome;

static int fail(const arq_context *context, const char *what)
{
    char text[512];
    arq_context_last_error(context, text, sizeof(text));
    fprintf(stderr, "curves: %s: %s\n", what, text);
    return 1;
}

/* Sets what stands behind the preset in NAME:PRESET,PARAMETER=VALUE,... */
static int configure(arq_context *context, const char *method, uint64_t seed, arq_config **config)
{
    char text[1024];
    snprintf(text, sizeof(text), "%s", strchr(method, ':') == NULL ? method : strchr(method, ':') + 1);
    char *rest = NULL;
    const char *preset = strtok_r(text, ",", &rest);
    if (arq_config_create(context, preset, config) != ARQ_OK) {
        return fail(context, method);
    }
    for (char *pair; (pair = strtok_r(NULL, ",", &rest)) != NULL;) {
        char *value = strchr(pair, '=');
        if (value == NULL) {
            fprintf(stderr, "curves: '%s' is not PARAMETER=VALUE\n", pair);
            return 1;
        }
        *value++ = '\0';
        for (char *plus; (plus = strchr(value, '+')) != NULL;) {
            *plus = ',';
        }
        if (arq_config_set(*config, pair, value) != ARQ_OK) {
            return fail(context, method);
        }
    }
    return arq_config_set_int(*config, "seed", (int64_t)seed) == ARQ_OK ? 0 : fail(context, "seed");
}

static int remember_episode(const arq_run *run, outcome *o)
{
    double value;
    if (o->episodes == o->room || arq_run_metric(run, "return", 0, &value) != ARQ_OK) {
        return 1;
    }
    o->returns[o->episodes] = value;
    o->ends[o->episodes] = o->steps;
    o->episodes++;
    return 0;
}

static int learn(arq_context *context, const experiment_plan *plan, arq_run *run, outcome *o)
{
    uint64_t done = 1;
    double before = 0;
    while ((plan->episodes == 0 || o->episodes < plan->episodes) && done > 0) {
        uint64_t left = plan->steps == 0 ? UINT64_MAX : plan->steps - o->steps;
        double finished;
        if (left == 0) {
            break;
        }
        if (arq_run_advance(run, left, &done) != ARQ_OK || arq_run_metric(run, "episodes", 0, &finished) != ARQ_OK) {
            return fail(context, "training");
        }
        o->steps += done;
        if (finished > before && remember_episode(run, o)) {
            return fail(context, "too many episodes");
        }
        before = finished;
    }
    return 0;
}

static int evaluate(arq_context *context, const experiment_plan *plan, arq_run *run, uint64_t seed, outcome *o)
{
    arq_env *env = NULL;
    double returns[EVALUATION_EPISODES];
    const arq_network *network = arq_agent_network(arq_run_agent(run));
    if (arq_env_open(context, plan->environment, &env) != ARQ_OK ||
        arq_evaluate(context, network, env, seed + 1000, 0, EVALUATION_EPISODES, 20000, NULL, returns, NULL) !=
            ARQ_OK) {
        arq_env_destroy(env);
        return fail(context, "evaluation");
    }
    for (int i = 0; i < EVALUATION_EPISODES; i++) {
        o->evaluation += returns[i] / EVALUATION_EPISODES;
    }
    arq_env_destroy(env);
    return 0;
}

/* The plan with the preset's own number of steps where it has no limit, and room for its episodes. */
static int settle_plan(const arq_context *context, const arq_config *config, experiment_plan *plan, outcome *o)
{
    double steps = 0;
    if (plan->episodes == 0 && plan->steps == 0) {
        if (arq_config_get_float(config, "total_steps", &steps) != ARQ_OK) {
            return fail(context, "total_steps");
        }
        plan->steps = (uint64_t)steps;
    }
    o->room = plan->episodes > 0 ? plan->episodes : plan->steps;
    o->returns = calloc((size_t)o->room, sizeof(*o->returns));
    o->ends = calloc((size_t)o->room, sizeof(*o->ends));
    if (o->returns == NULL || o->ends == NULL) {
        fprintf(stderr, "curves: no memory for %llu episodes\n", (unsigned long long)o->room);
        return 1;
    }
    return 0;
}

/* One seed of one method. A method that diverges ends there, with what it had. */
static int run_seed(experiment_plan plan, const char *method, uint64_t seed, outcome *o)
{
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_env *env = NULL;
    arq_run *run = NULL;
    struct timespec start, end;
    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) != ARQ_OK ||
                 configure(context, method, seed, &config) || settle_plan(context, config, &plan, o);
    if (!failed && (arq_config_set(config, "total_steps", "1e12") != ARQ_OK ||
                    arq_env_open(context, plan.environment, &env) != ARQ_OK ||
                    arq_run_create(context, config, env, &run) != ARQ_OK)) {
        failed = fail(context, method);
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    failed = failed || learn(context, &plan, run, o);
    clock_gettime(CLOCK_MONOTONIC, &end);
    failed = failed || evaluate(context, &plan, run, seed, o);
    o->seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    arq_run_destroy(run);
    arq_env_destroy(env);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}

/* ---- Results ---- */

static size_t name_length(const char *method)
{
    return strcspn(method, ":");
}

static double mean_between(const outcome *o, double from, double to)
{
    uint64_t first = (uint64_t)(from * (double)o->episodes);
    uint64_t end = (uint64_t)(to * (double)o->episodes);
    double sum = 0;
    for (uint64_t i = first; i < end; i++) {
        sum += o->returns[i];
    }
    return end > first ? sum / (double)(end - first) : (double)NAN;
}

static int write_csv(const char *method, uint64_t seed, const outcome *o, FILE *file)
{
    for (uint64_t i = 0; i < o->episodes; i++) {
        fprintf(file, "%.*s,%llu,%llu,%llu,%.9g\n", (int)name_length(method), method, (unsigned long long)seed,
                (unsigned long long)(i + 1), (unsigned long long)o->ends[i], o->returns[i]);
    }
    return ferror(file);
}

/* Mean and standard deviation between seeds. */
static void spread_of(const double *values, uint64_t count, double *mean, double *deviation)
{
    double sum = 0;
    double squares = 0;
    for (uint64_t i = 0; i < count; i++) {
        sum += values[i];
    }
    *mean = sum / (double)count;
    for (uint64_t i = 0; i < count; i++) {
        squares += (values[i] - *mean) * (values[i] - *mean);
    }
    *deviation = count > 1 ? sqrt(squares / (double)(count - 1)) : 0;
}

static void print_row(const experiment_plan *plan, const char *method, const outcome *o)
{
    double last[MOST_SEEDS], evaluation[MOST_SEEDS];
    double mean, deviation;
    double steps = 0, seconds = 0;
    for (uint64_t s = 0; s < plan->seeds; s++) {
        last[s] = mean_between(&o[s], 0.9, 1);
        evaluation[s] = o[s].evaluation;
        steps += (double)o[s].steps;
        seconds += o[s].seconds;
    }
    spread_of(last, plan->seeds, &mean, &deviation);
    printf("%-20.*s %9.2f +- %-7.2f", (int)name_length(method), method, mean, deviation);
    spread_of(evaluation, plan->seeds, &mean, &deviation);
    printf(" %9.2f +- %-7.2f %10.0f %8.1f  ", mean, deviation, steps / (double)plan->seeds,
           seconds / (double)plan->seeds);
    for (uint64_t s = 0; s < plan->seeds; s++) {
        printf(" %.1f", last[s]);
    }
    printf("\n");
    fflush(stdout);
}

/* ---- The picture ---- */

static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"};
#define COLOURS (sizeof(colours) / sizeof(colours[0]))
#define WIDTH 640.0
#define HEIGHT 360.0
#define LEFT 60.0
#define TOP 20.0

typedef struct curve {
    double low[POINTS], mean[POINTS], high[POINTS];
} curve;

static void make_curve(const experiment_plan *plan, const outcome *o, curve *c)
{
    for (int p = 0; p < POINTS; p++) {
        c->low[p] = INFINITY;
        c->high[p] = -INFINITY;
        c->mean[p] = 0;
        for (uint64_t s = 0; s < plan->seeds; s++) {
            double value = mean_between(&o[s], (double)p / POINTS, (double)(p + 1) / POINTS);
            c->low[p] = fmin(c->low[p], value);
            c->high[p] = fmax(c->high[p], value);
            c->mean[p] += value / (double)plan->seeds;
        }
    }
}

static double x_of(int point)
{
    return LEFT + (WIDTH - LEFT) * (point + 0.5) / POINTS;
}

static double y_of(double value, double low, double high)
{
    return TOP + HEIGHT * (high - value) / (high - low);
}

static void draw_curve(FILE *file, const curve *c, double low, double high, const char *colour)
{
    fprintf(file, "<polygon fill='%s' fill-opacity='0.15' points='", colour);
    for (int p = 0; p < 2 * POINTS; p++) {
        int point = p < POINTS ? p : 2 * POINTS - 1 - p;
        double value = p < POINTS ? c->low[point] : c->high[point];
        if (isfinite(value)) {
            fprintf(file, "%.1f,%.1f ", x_of(point), y_of(value, low, high));
        }
    }
    fprintf(file, "'/>\n<polyline fill='none' stroke='%s' stroke-width='2' points='", colour);
    for (int p = 0; p < POINTS; p++) {
        if (isfinite(c->mean[p])) {
            fprintf(file, "%.1f,%.1f ", x_of(p), y_of(c->mean[p], low, high));
        }
    }
    fprintf(file, "'/>\n");
}

static int draw(const experiment_plan *plan, int methods, char **method, const curve *curves, FILE *file)
{
    double low = INFINITY, high = -INFINITY;
    for (int m = 0; m < methods; m++) {
        for (int p = 0; p < POINTS; p++) {
            low = fmin(low, curves[m].low[p]);
            high = fmax(high, curves[m].high[p]);
        }
    }
    high = high > low ? high : low + 1;
    fprintf(file,
            "<svg xmlns='http://www.w3.org/2000/svg' width='%g' height='%g' font-family='sans-serif' "
            "font-size='12'>\n<rect width='100%%' height='100%%' fill='white'/>\n",
            WIDTH + 20, HEIGHT + TOP + 40 + 16 * methods);
    for (int tick = 0; tick <= 4; tick++) {
        double value = low + (high - low) * tick / 4;
        double y = y_of(value, low, high);
        fprintf(file,
                "<line x1='%g' x2='%g' y1='%.1f' y2='%.1f' stroke='#ddd'/>"
                "<text x='%g' y='%.1f' text-anchor='end'>%.4g</text>\n",
                LEFT, WIDTH, y, y, LEFT - 6, y + 4, value);
    }
    for (int m = 0; m < methods; m++) {
        const char *colour = colours[(size_t)m % COLOURS];
        draw_curve(file, &curves[m], low, high, colour);
        fprintf(file, "<text x='%g' y='%g' fill='%s'>%.*s</text>\n", LEFT, TOP + HEIGHT + 36 + 16 * m, colour,
                (int)name_length(method[m]), method[m]);
    }
    fprintf(file,
            "<text x='%g' y='%g'>return in %s, from the first to the last episode: mean and range of %llu seeds"
            "</text>\n</svg>\n",
            LEFT, TOP + HEIGHT + 18, plan->environment, (unsigned long long)plan->seeds);
    return ferror(file);
}

static FILE *open_output(const experiment_plan *plan, const char *ending)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s%s", plan->out, ending);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
    }
    return file;
}

static int run_methods(const experiment_plan *plan, int methods, char **method, FILE *csv, curve *curves)
{
    int failed = 0;
    printf("%s, %llu seeds\n%-20s %20s %20s %10s %8s   last tenth of each seed\n", plan->environment,
           (unsigned long long)plan->seeds, "method", "last tenth", "greedy afterwards", "steps", "seconds");
    fprintf(csv, "method,seed,episode,steps,return\n");
    for (int m = 0; !failed && m < methods; m++) {
        outcome o[MOST_SEEDS] = {{0}};
        for (uint64_t s = 0; !failed && s < plan->seeds; s++) {
            failed = run_seed(*plan, method[m], s + 1, &o[s]) || write_csv(method[m], s + 1, &o[s], csv);
        }
        if (!failed) {
            print_row(plan, method[m], o);
            make_curve(plan, o, &curves[m]);
        }
        for (uint64_t s = 0; s < plan->seeds; s++) {
            free(o[s].returns);
            free(o[s].ends);
        }
    }
    return failed;
}

int main(int count, char **arguments)
{
    static curve curves[MOST_METHODS];
    int methods = count - 6;
    if (methods < 1 || methods > MOST_METHODS) {
        fprintf(stderr, "usage: curves OUT ENV EPISODES STEPS SEEDS NAME:PRESET[,PARAMETER=VALUE...] ...\n");
        return 2;
    }
    const experiment_plan plan = {arguments[1], arguments[2], strtoull(arguments[3], NULL, 10),
                                  strtoull(arguments[4], NULL, 10), strtoull(arguments[5], NULL, 10)};
    if (plan.seeds < 1 || plan.seeds > MOST_SEEDS) {
        fprintf(stderr, "curves: SEEDS is %llu; accepted: 1 .. %d\n", (unsigned long long)plan.seeds, MOST_SEEDS);
        return 2;
    }
    FILE *csv = open_output(&plan, ".csv");
    FILE *picture = csv == NULL ? NULL : open_output(&plan, ".svg");
    int failed = picture == NULL || run_methods(&plan, methods, arguments + 6, csv, curves) ||
                 draw(&plan, methods, arguments + 6, curves, picture);
    failed = (csv != NULL && fclose(csv) != 0) || failed;
    failed = (picture != NULL && fclose(picture) != 0) || failed;
    return failed;
}
