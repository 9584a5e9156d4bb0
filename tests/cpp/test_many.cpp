/* Several episodes side by side: agents, runs over a batch, and evaluations. */
#include "check.hpp"
#include "counting_memory.hpp"
#include "worlds.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace
{

arq::Config rollout_config(const arq::Context &context)
{
    arq::Config config(context, "fast");
    config.set("widths", "16");
    config.set("heads", 4);
    config.set("gamma", 0.9);
    config.set("batch", 32);
    config.set("experience", "rollout");
    config.set("rollout", 60);
    config.set("learning_rate", 0.003);
    config.set("exploration_steps", 2000);
    config.set("total_steps", 3000);
    return config;
}

arq::EnvBatch corridors(arq::Context &context, std::uint32_t count)
{
    arq::register_environment<Corridor>(context, "toy/corridor", "Walk right",
                                        {{ARQ_OPTION_INT, "length", 2, 100, 6, "Fields", ""}});
    return arq::EnvBatch(context, "toy/corridor", count);
}

void agents()
{
    counted([](arq::Context &context) {
        arq::EnvBatch batch = corridors(context, 3);
        arq::Agent agent(context, rollout_config(context), batch.layout(), 2, 3);
        CHECK(agent.instances() == 3 && arq::Agent().instances() == 0);
        arq::ObservationArray observations(batch.layout(), 3);
        std::vector<std::int32_t> actions(3);
        arq::BatchStep step;
        CHECK_FAILS(agent.act_many({}, actions), ARQ_E_ORDER, "begin");
        CHECK_FAILS(agent.begin(observations[0]), ARQ_E_ORDER, "instances");
        batch.reset({}, {}, observations);
        agent.begin_many({}, observations);
        std::vector<std::uint8_t> ended(3);
        std::uint64_t updates = 0;
        for (int i = 0; i < 100; i++) {
            agent.act_many({}, actions);
            batch.step(actions, observations, step);
            updates += agent.observe_many({}, step, observations).updated();
            for (std::size_t k = 0; k < 3; k++)
                ended[k] = step.terminated[k] != 0 || step.truncated[k] != 0;
            if (std::count(ended.begin(), ended.end(), 1) == 0)
                continue;
            batch.reset({}, ended, observations);
            agent.begin_many(ended, observations);
        }
        CHECK(agent.metric("steps") == 300 && agent.metric("episodes") > 0 && updates == 5);

        /* One alone, with an action of the program's own. */
        const std::uint8_t last[3] = {0, 0, 1};
        const std::vector<std::int32_t> own{ARQ_ACTION_CHOSEN, ARQ_ACTION_CHOSEN, 1};
        actions = {7, 7, 7};
        agent.act_many(last, actions);
        CHECK(actions[0] == 7 && actions[1] == 7 && actions[2] >= 0 && actions[2] < 2);
        agent.observe_many(last, step, observations, own);
        CHECK(agent.metric("steps") == 301);
    });
    CHECK(Corridor::alive == 0);
}

void sizes_of_agents()
{
    arq::Context context;
    arq::Agent agent(context, rollout_config(context), three_floats, 2, 3);
    const std::vector<std::uint8_t> two(2);
    std::vector<std::int32_t> actions(3);
    arq::ObservationArray observations(three_floats, 3);
    arq::ObservationArray few(three_floats, 2);
    arq::BatchStep step{{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
    CHECK_FAILS(agent.begin_many({}, few), ARQ_E_SHAPE, "Agent::begin_many: observations");
    CHECK_FAILS(agent.begin_many(two, observations), ARQ_E_SHAPE, "mask has 2 values; 3 or none are needed");
    agent.begin_many({}, observations);
    CHECK_FAILS(agent.act_many(two, actions), ARQ_E_SHAPE, "mask has 2 values");
    CHECK_FAILS(agent.act_many({}, {actions.data(), 2}), ARQ_E_SHAPE, "actions has 2 values; 3 are needed");
    agent.act_many({}, actions);
    CHECK_FAILS(agent.observe_many({}, step, few), ARQ_E_SHAPE, "next_observations");
    CHECK_FAILS(agent.observe_many(two, step, observations), ARQ_E_SHAPE, "mask has 2 values");
    CHECK_FAILS(agent.observe_many({}, step, observations, {actions.data(), 1}), ARQ_E_SHAPE, "actions has 1 values");
    for (auto shorten :
         {+[](arq::BatchStep &s) { s.rewards.pop_back(); }, +[](arq::BatchStep &s) { s.terminated.pop_back(); },
          +[](arq::BatchStep &s) { s.truncated.pop_back(); }}) {
        arq::BatchStep shorter = step;
        shorten(shorter);
        CHECK_FAILS(agent.observe_many({}, shorter, observations), ARQ_E_SHAPE, "has 2 values; 3 are needed");
    }
    CHECK(agent.metric("steps") == 0);
    agent.observe_many({}, step, observations);
    CHECK(agent.metric("steps") == 3);
}

void runs()
{
    counted([](arq::Context &context) {
        arq::EnvBatch batch = corridors(context, 3);
        arq::Config config = rollout_config(context);
        arq::Run run(context, config, batch);
        CHECK(run.instances() == 3 && run.episodes().empty());
        CHECK_FAILS(arq::EnvBatch::time_limit(std::move(batch), 10), ARQ_E_BUSY, "a run uses this batch");
        std::uint64_t made = 0, told = 0, instances = 0;
        while (std::uint64_t done = run.advance(100)) {
            CHECK(done % 3 == 0);
            made += done;
            for (const arq::Episode &episode : run.episodes()) {
                told++;
                instances |= std::uint64_t{1} << episode.instance;
                CHECK(episode.end == ARQ_EPISODE_TERMINATED && episode.episode_return == 1);
                CHECK(episode.length >= 5 && episode.step <= made && episode.step + 100 > made - done);
            }
        }
        CHECK(made == 3000 && instances == 7);
        CHECK(told > 0 && static_cast<double>(told) == run.metric("episodes"));

        arq::EvaluationOptions options;
        options.episodes = 8;
        options.max_steps = 100;
        arq::EnvBatch others(context, "toy/corridor", 4);
        const arq::Network network = run.agent().network();
        arq::Evaluation trained = arq::evaluate_batch(context, network, others, options);
        CHECK(trained.lengths == std::vector<std::uint64_t>(8, 5) && trained.mean_return() == 1);
        CHECK(arq::evaluate_random_batch(context, others, options).lengths.size() == 8);
        CHECK_FAILS(arq::evaluate_batch(context, arq::Network(), others, options), ARQ_E_ARGUMENT, "empty");
        options.episodes = 6;
        CHECK_FAILS(arq::evaluate_batch(context, network, others, options), ARQ_E_ARGUMENT, "6 for 4 instances");

        /* Stopped, those that have ended are left, whichever they are. */
        options.episodes = 40;
        options.keep_going = [](std::uint32_t ended, std::uint64_t) { return ended < 9; };
        arq::Evaluation stopped = arq::evaluate_random_batch(context, others, options);
        CHECK(stopped.lengths.size() == 9 && stopped.returns.size() == 9);
        CHECK(*std::min_element(stopped.lengths.begin(), stopped.lengths.end()) >= 5);
        options.keep_going = [](std::uint32_t, std::uint64_t) -> bool { throw std::domain_error("enough"); };
        bool thrown = false;
        try {
            arq::evaluate_random_batch(context, others, options);
        } catch (const std::domain_error &error) {
            thrown = error.what() == std::string("enough");
        }
        CHECK(thrown);

        /* A run keeps its batch. */
        batch = arq::EnvBatch();
        CHECK(run.agent().metric("steps") == 3000);
    });
    CHECK(Corridor::alive == 0);
}

/* What a run saves, another one takes over, with what it needs to be made. */
void checkpoints()
{
    counted([](arq::Context &context) {
        const std::string folder = std::string(P_tmpdir) + "/arq-cpp-checkpoint-" + std::to_string(getpid());
        arq::EnvBatch batch = corridors(context, 3);
        arq::Run run(context, rollout_config(context), batch);
        run.advance(300);
        run.save(folder);
        CHECK_FAILS(run.agent().load(folder), ARQ_E_ORDER, "belongs to a run");
        arq::Checkpoint copied = arq::Checkpoint::copy(run, folder, ARQ_CHECKPOINT_WITHOUT_REPLAY);
        CHECK_FAILS(arq::Checkpoint::copy(run, folder), ARQ_E_BUSY, "earlier checkpoint");
        copied.set_text("rows", "12");
        copied.write();
        copied = arq::Checkpoint();
        arq::Checkpoint opened = arq::Checkpoint::open(context, folder);
        CHECK(opened.instances() == 3 && opened.text("rows") == std::string("12") && opened.text("none") == nullptr);
        arq::EnvBatch others(context, "toy/corridor", 3);
        arq::Run again(context, opened.config(), others);
        CHECK(again.resumed() == 0);
        again.load(folder);
        CHECK((again.resumed() & ARQ_RESUMED) != 0 && again.metric("steps") == run.metric("steps"));
        CHECK(again.agent().metric("updates") == run.agent().metric("updates"));
        CHECK_FAILS(again.load("/no/such/folder"), ARQ_E_IO, "/no/such/folder");
        std::remove((folder + "/run.safetensors").c_str());
        std::remove(folder.c_str());
    });
}

const check::Test tests[] = {
    {"agents", agents},
    {"sizes of agents", sizes_of_agents},
    {"runs", runs},
    {"checkpoints", checkpoints},
};

} // namespace

int main()
{
    return check::run(tests);
}
