/* The folder of a training run: which files it holds and what they are called. */
#ifndef ARQ_TOOL_RUN_FOLDER_H
#define ARQ_TOOL_RUN_FOLDER_H

#include "arq/config.h"

#include <stddef.h>

#define RUN_PATH_SIZE 4096

#define RUN_CONFIG "config.txt"
#define RUN_NETWORK "network.safetensors"
#define RUN_LOG "log.csv"
#define RUN_EPISODES "episodes.csv"
#define RUN_RESULT "result.csv"
#define RUN_CHECKPOINT "checkpoint" /* a folder */

/* Makes the folder of a run and gives its path. wanted NULL: runs/ENVIRONMENT-SEED, with a number appended when that
 * exists. A folder that holds a run is refused unless `force`, which removes that run's files. 0 or an exit code. */
int run_folder_create(const char *wanted, const char *environment, const char *seed, int force, char *path,
                      size_t size);

/* FOLDER/NAME. */
void run_folder_file(const char *folder, const char *name, char *path, size_t size);

/* Writes the environment as it can be opened from any folder, how many instances of it learn side by side, and every
 * parameter with its origin; in place of an older file at once. 0 or an exit code. */
int run_folder_write_config(const char *folder, const char *environment, uint32_t environments,
                            const arq_config *config);

/* The path of the network file that a run's folder or a file's own path means. 0 or an exit code. */
int run_folder_network(const char *run_or_file, char *path, size_t size);

/* The environment's id from the config.txt beside a network file, without characters that steer a terminal; "" without
 * one. 0 or an exit code. */
int run_folder_environment(const char *network_path, char *environment, size_t size);

/* Whether the text names something that exists and may be a run or a network, not an environment. */
int run_folder_exists(const char *text);

#endif
