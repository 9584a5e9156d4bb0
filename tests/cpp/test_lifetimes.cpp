/* Handles move, end once, in any order, and with them what only they needed. */
#include "check.hpp"
#include "counting_memory.hpp"
#include "worlds.hpp"

#include <functional>
#include <memory>
#include <thread>

template <class Handle>
constexpr bool moves_only = std::is_nothrow_move_constructible_v<Handle> &&std::is_nothrow_move_assignable_v<Handle> &&
                            !std::is_copy_constructible_v<Handle> && !std::is_copy_assignable_v<Handle>;

static_assert(moves_only<arq::Context> && moves_only<arq::Config> && moves_only<arq::Env> &&
              moves_only<arq::EnvBatch> && moves_only<arq::Network> && moves_only<arq::Activations> &&
              moves_only<arq::Cell> && moves_only<arq::Learner> && moves_only<arq::Replay> && moves_only<arq::Agent> &&
              moves_only<arq::Run>);

namespace
{

/* The context ends with the last handle, whichever that is, and each C handle ends once. */
void ends_in_any_order()
{
    CountingMemory memory;
    for (unsigned order = 0; order < 6; order++) {
        auto context = std::make_unique<arq::Context>(memory);
        auto config = std::make_unique<arq::Config>(small_config(*context));
        auto env = std::make_unique<arq::Env>(*context, std::make_unique<Corridor>());
        auto run = std::make_unique<arq::Run>(*context, *config, *env);
        run->advance(60);
        long held = memory.blocks;
        for (unsigned i = 0; i < 3; i++) {
            unsigned which = (order + (order < 3 ? i : 3 - i)) % 3;
            if (which == 0)
                context.reset();
            else if (which == 1)
                env.reset();
            else
                config.reset();
        }
        CHECK(memory.blocks > 0 && memory.blocks < held); /* the config has ended */
        CHECK(run->advance(60) > 0);
        CHECK(Corridor::alive == 1);
        run.reset();
        CHECK(memory.blocks == 0 && Corridor::alive == 0);
    }
}

void moves_replace()
{
    counted([](arq::Context &context) {
        arq::Config config = small_config(context);
        arq::Env env(context, std::make_unique<Corridor>());
        CHECK(Corridor::alive == 1);
        env = arq::Env(context, std::make_unique<Corridor>());
        CHECK(Corridor::alive == 1);
        arq::Env moved(std::move(env));
        CHECK(Corridor::alive == 1 && moved && !env);
        std::vector<arq::Agent> agents;
        for (int i = 0; i < 5; i++)
            agents.emplace_back(context, config, three_floats, 2);
        agents.erase(agents.begin());
        for (arq::Agent &agent : agents) {
            agent.begin(std::vector<float>(3));
            CHECK(agent.act() >= 0);
        }
        CHECK_FAILS(env.step(0, std::vector<float>(6)), ARQ_E_ARGUMENT, "env is NULL");
        CHECK_FAILS(arq::Run(context, config, env), ARQ_E_ARGUMENT, "env is NULL");
    });
}

void many_threads_act_from_one_network()
{
    arq::Context context;
    const arq::Network network(context, small_config(context), three_floats, 4);
    std::vector<std::int32_t> expected;
    {
        arq::Activations activations(network);
        for (int i = 0; i < 50; i++)
            expected.push_back(network.act(activations, std::vector<float>{1, static_cast<float>(i), 2}));
    }
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; thread++) {
        threads.emplace_back([&] {
            arq::Activations activations(network);
            for (int i = 0; i < 50; i++) {
                std::vector<float> observation{1, static_cast<float>(i), 2};
                if (network.act(activations, observation) != expected[static_cast<std::size_t>(i)])
                    wrong++;
            }
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    CHECK(wrong == 0);
}

void no_memory()
{
    CountingMemory memory;
    {
        arq::Context context(memory);
        arq::Config config = small_config(context);
        memory.empty = true;
        CHECK_FAILS(arq::Agent(context, config, three_floats, 2), ARQ_E_NOMEM, "");
        CHECK_FAILS(arq::Env(context, std::make_unique<Corridor>()), ARQ_E_NOMEM, "");
        CHECK(Corridor::alive == 0);
        memory.empty = false;
    }
    CHECK(memory.blocks == 0);
}

/* Calls back in every step. */
class Calling : public Corridor
{
  public:
    std::function<void()> called;

    arq::Step step(std::int32_t action, arq::ObservationBuffer observation) override
    {
        if (called)
            called();
        return Corridor::step(action, observation);
    }
};

/* What a call uses lasts until it returns, even where a callback ends every handle. */
void handles_end_inside_callbacks()
{
    for (int which = 0; which < 3; which++) {
        CountingMemory memory;
        int calls = 0;
        auto context = std::make_unique<arq::Context>(memory);
        auto world = std::make_unique<Calling>();
        Calling &calling = *world;
        auto env = std::make_unique<arq::Env>(*context, std::move(world));
        auto config = std::make_unique<arq::Config>(small_config(*context));
        auto run = std::make_unique<arq::Run>(*context, *config, *env);
        auto network = std::make_unique<arq::Network>(run->agent().network().copy());
        calling.called = [&] {
            calls++;
            run.reset();
            network.reset();
            env.reset();
            config.reset();
            context.reset();
        };
        if (which == 0) {
            run->advance(5);
        } else if (which == 1) {
            run.reset();
            arq::EvaluationOptions options;
            options.episodes = 1;
            options.max_steps = 20;
            arq::evaluate(*context, *network, *env, options);
        } else {
            run.reset();
            network.reset();
            std::vector<float> observation(6);
            env->reset(1, observation);
            env->step(1, observation);
        }
        CHECK(calls > 0 && run == nullptr && env == nullptr && context == nullptr);
        CHECK(memory.blocks == 0 && Corridor::alive == 0);
    }
}

const check::Test tests[] = {
    {"handles_end_inside_callbacks", handles_end_inside_callbacks},
    {"ends_in_any_order", ends_in_any_order},
    {"moves_replace", moves_replace},
    {"many_threads_act_from_one_network", many_threads_act_from_one_network},
    {"no_memory", no_memory},
};

} // namespace

int main()
{
    return check::run(tests);
}
