/**
 * @file network.h
 * @brief A network to act with, and the activations that one or many episodes carry along.
 *
 * Four kinds (parameter `network`; docs/methods.md): cells that learn locally - ARQ, arXiv 2510.06649, and AD, arXiv
 * 2411.03604 - and dense layers with a linear head: FF-DQN (Krutsylo 2025) and DQN (Mnih et al. 2015). Where a header
 * says "cell" it means a layer of the dense kinds, of which the head is the last.
 *
 * A network holds weights only. Acting needs an arq_activations besides, which holds what the cells did at
 * the previous step (the papers' "context") and the working memory. Many threads may compute with one
 * network at once, each with its own activations; changing the network meanwhile is refused with #ARQ_E_BUSY.
 * To let a network learn, see learner.h; to have it all done, agent.h.
 */
#ifndef ARQ_NETWORK_H
#define ARQ_NETWORK_H

#include "config.h"
#include "observation.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @brief The weights of a network. @since 0.1 */
typedef struct arq_network arq_network;

/** @brief What the cells of one or several episodes carry from step to step. @since 0.1 */
typedef struct arq_activations arq_activations;

/**
 * @brief Makes a network with fresh weights.
 * @param context The context.
 * @param config Used: network, widths, heads and the other parameters of the network's shape, and seed.
 * @param observation_kind One of the ARQ_OBSERVATION_ kinds (env.h).
 * @param observation_size Values of one observation.
 * @param actions Number of actions, 1 .. 65536.
 * @param[out] out The network, owned by the caller; NULL on failure.
 * @return #ARQ_E_ARGUMENT, #ARQ_E_UNSUPPORTED, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_network_create(arq_context *context, const arq_config *config, int32_t observation_kind,
                                      uint32_t observation_size, uint32_t actions, arq_network **out);

/**
 * @brief Makes a network from a file: shape and weights.
 * @param context The context.
 * @param path Written by arq_network_save() or arq_agent_save() (its network).
 * @param[out] out The network, owned by the caller; NULL on failure.
 * @return #ARQ_E_IO for a file that cannot be read, #ARQ_E_FORMAT for one that is no network or has a value out of its
 *   range, #ARQ_E_SHAPE for a tensor of another shape than the file's parameters say, #ARQ_E_ARGUMENT and
 *   #ARQ_E_UNSUPPORTED for parameters that make no network, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_network_open(arq_context *context, const char *path, arq_network **out);

/**
 * @brief Copies a network, for acting on while the first one learns.
 * @param network The network.
 * @param[out] out The copy, owned by the caller; NULL on failure.
 * @return #ARQ_E_NOMEM, #ARQ_E_BUSY while it is being updated.
 * @since 0.1
 */
ARQ_API arq_status arq_network_copy(const arq_network *network, arq_network **out);

/**
 * @brief Frees a network; while its learner or a call (that runs this as a callback, or arq_evaluate()) uses it, once
 * they have ended. Nothing happens to the network of an agent, which ends with the agent.
 * @param network NULL is fine.
 * @since 0.1
 */
ARQ_API void arq_network_destroy(arq_network *network);

/**
 * @brief Number of cells; of the dense kinds, of layers with the head.
 * @param network The network.
 * @return Cells; 0 for NULL.
 * @since 0.1
 */
ARQ_API uint32_t arq_network_cells(const arq_network *network);

/**
 * @brief Number of actions.
 * @param network The network.
 * @return Actions; 0 for NULL.
 * @since 0.1
 */
ARQ_API uint32_t arq_network_actions(const arq_network *network);

/**
 * @brief What the network looks at.
 * @param network The network.
 * @param[out] kind ARQ_OBSERVATION_ kind.
 * @param[out] size Values.
 * @return #ARQ_E_ARGUMENT.
 * @since 0.1
 */
ARQ_API arq_status arq_network_observation(const arq_network *network, int32_t *kind, uint32_t *size);

/**
 * @brief The value a shape parameter has in this network, as text.
 * @param network The network.
 * @param name A parameter such as "widths".
 * @param[out] buffer Gets the text.
 * @param size Bytes at buffer.
 * @return As arq_config_get().
 * @since 0.1
 */
ARQ_API arq_status arq_network_parameter(const arq_network *network, const char *name, char *buffer, size_t size);

/**
 * @brief Describes a weight tensor, for going through them.
 * @param network The network.
 * @param index From 0.
 * @param[out] name Such as "cell0.fc_h.kernel"; borrowed as long as the network.
 * @param[out] rows First dimension.
 * @param[out] columns Second dimension; 0 for a vector of `rows` values.
 * @return #ARQ_E_NOT_FOUND behind the last.
 * @since 0.1
 */
ARQ_API arq_status arq_network_tensor(const arq_network *network, uint32_t index, const char **name, uint32_t *rows,
                                      uint32_t *columns);

/**
 * @brief Copies a weight tensor out.
 * @param network The network.
 * @param name As above.
 * @param[out] values Row-major.
 * @param count Must be the tensor's.
 * @return #ARQ_E_NOT_FOUND, #ARQ_E_SHAPE, #ARQ_E_BUSY while it is being updated.
 * @since 0.1
 */
ARQ_API arq_status arq_network_read(const arq_network *network, const char *name, float *values, size_t count);

/**
 * @brief Sets a weight tensor.
 * @param network The network.
 * @param name As above.
 * @param values Row-major, finite.
 * @param count As above.
 * @return #ARQ_E_NOT_FOUND, #ARQ_E_SHAPE, #ARQ_E_ARGUMENT, #ARQ_E_BUSY; unchanged then.
 * @since 0.1
 */
ARQ_API arq_status arq_network_write(arq_network *network, const char *name, const float *values, size_t count);

/**
 * @brief Saves shape and weights as safetensors; all or nothing.
 * @param network The network.
 * @param path The file.
 * @return #ARQ_E_IO: an older file of that name is untouched; #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_network_save(const arq_network *network, const char *path);

/**
 * @brief Takes over the weights of a network of the same shape that computes the same with them.
 * @param network The network; unchanged on failure.
 * @param path The file: a network's or an agent's.
 * @return #ARQ_E_IO, #ARQ_E_FORMAT, #ARQ_E_SHAPE (the text has both shapes, or a parameter's two values), #ARQ_E_BUSY,
 *         #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_network_load(arq_network *network, const char *path);

/**
 * @brief Makes activations for episodes that run side by side, all at their beginning.
 *
 * They keep no hold of the network: any network of the same shape can act with them, so a newer copy can take over in
 * the middle of an episode.
 * @param network Gives the shape.
 * @param episodes At least 1.
 * @param[out] out The activations, owned by the caller; NULL on failure.
 * @return #ARQ_E_ARGUMENT, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_activations_create(const arq_network *network, uint32_t episodes, arq_activations **out);

/**
 * @brief Frees activations.
 * @param activations NULL is fine.
 * @since 0.1
 */
ARQ_API void arq_activations_destroy(arq_activations *activations);

/**
 * @brief Begins an episode: its context becomes zero.
 * @param activations The activations.
 * @param episode Which, from 0.
 * @return #ARQ_E_ARGUMENT.
 * @since 0.1
 */
ARQ_API arq_status arq_activations_begin(arq_activations *activations, uint32_t episode);

/**
 * @brief Computes Q for the present observation of every episode. Changes no context: asking twice gives the same.
 *
 * The network's Q is the mean of its cells' (parameters q_from, q_cells), or its head's. The greedy action is the one
 * of largest Q, the lowest index among equals.
 * @param network Any network of the shape the activations were made for.
 * @param activations Where from and where to.
 * @param observations [episodes] observations of the network's kind, without gaps.
 * @param[out] q [episodes, actions], or NULL.
 * @return #ARQ_E_SHAPE for activations of another network's shape, #ARQ_E_BUSY while it is being updated,
 *   #ARQ_E_ARGUMENT for an observation that is not finite (the text says where).
 * @par Threads
 * Any number at once, each with its own activations.
 * @since 0.1
 */
ARQ_API arq_status arq_network_q(const arq_network *network, arq_activations *activations, const void *observations,
                                 float *q);

/**
 * @brief Plays one greedy step of every episode: arq_network_q(), the greedy actions, and every context moves on.
 * @param network As above.
 * @param activations As above.
 * @param observations As above.
 * @param[out] actions [episodes]
 * @return As arq_network_q(); no context moves on failure.
 * @par Threads
 * Any number at once, each with its own activations.
 * @since 0.1
 */
ARQ_API arq_status arq_network_act(const arq_network *network, arq_activations *activations, const void *observations,
                                   int32_t *actions);

/**
 * @brief Moves an episode's context on to what the last arq_network_q() computed.
 *
 * The released method does so after greedy actions only (parameter context_on_explore).
 * @param activations The activations.
 * @param episode Which.
 * @return #ARQ_E_ORDER without an arq_network_q() since the last advance or begin of this episode.
 * @since 0.1
 */
ARQ_API arq_status arq_activations_advance(arq_activations *activations, uint32_t episode);

/** @name What arq_activations_read() can say
 * @{ */
#define ARQ_ACTIVATION_CONTEXT 1 /**< @brief [width] the context before the step; cells only. @since 0.1 */
#define ARQ_ACTIVATION_H 2       /**< @brief [width] hidden activations; not of a head. @since 0.1 */
#define ARQ_ACTIVATION_Y 3       /**< @brief [actions, outputs] outputs before the goodness; cells only. @since 0.1 */
#define ARQ_ACTIVATION_Q 4       /**< @brief [actions] the cell's own Q; of the dense kinds the head's. @since 0.1 */
/** @} */

/**
 * @brief Copies out what one cell computed in the last arq_network_q().
 * @param activations The activations.
 * @param what One of the ARQ_ACTIVATION_ numbers.
 * @param cell Which, from 0.
 * @param episode Which, from 0.
 * @param[out] values Row-major; NULL: only say the count.
 * @param capacity Floats at values.
 * @param[out] count Floats there are.
 * @return #ARQ_E_ORDER before the first arq_network_q(), #ARQ_E_SHAPE when too small, #ARQ_E_ARGUMENT.
 * @since 0.1
 */
ARQ_API arq_status arq_activations_read(const arq_activations *activations, int32_t what, uint32_t cell,
                                        uint32_t episode, float *values, size_t capacity, size_t *count);

#ifdef __cplusplus
}
#endif

#endif
