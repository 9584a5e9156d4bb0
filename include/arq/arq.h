/**
 * @file arq.h
 * @brief All of libarq: local reinforcement learning without backpropagation.
 */
#ifndef ARQ_ARQ_H
#define ARQ_ARQ_H

#include "agent.h"
#include "cell.h"
#include "checkpoint.h"
#include "config.h"
#include "context.h"
#include "env.h"
#include "environment.h"
#include "learner.h"
#include "network.h"
#include "observation.h"
#include "replay.h"
#include "run.h"
#include "status.h"
#include "version.h"

#endif
