/**
 * @file arq.hpp
 * @brief All of libarq for C++17 and later: handles that end by themselves, sizes that are checked, failures that
 * throw.
 *
 * Header-only, on top of the C interface, which stays what is linked with. Each part has its own header in arq/cpp.
 * Failures throw arq::Error, or are returned in an arq::Result where ARQ_CPP_NO_EXCEPTIONS is defined (status.hpp). A
 * walk-through is docs/getting-started-cpp.md.
 */
#ifndef ARQ_ARQ_HPP
#define ARQ_ARQ_HPP

#include "arq.h"

#include "cpp/agent.hpp"
#include "cpp/cell.hpp"
#include "cpp/checkpoint.hpp"
#include "cpp/config.hpp"
#include "cpp/context.hpp"
#include "cpp/env.hpp"
#include "cpp/environment.hpp"
#include "cpp/handle.hpp"
#include "cpp/learner.hpp"
#include "cpp/network.hpp"
#include "cpp/observation.hpp"
#include "cpp/plugin.hpp"
#include "cpp/replay.hpp"
#include "cpp/run.hpp"
#include "cpp/span.hpp"
#include "cpp/status.hpp"
#include "cpp/tensor.hpp"

#endif
