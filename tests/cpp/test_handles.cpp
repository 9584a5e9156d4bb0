/* Every handle: made, used, and what it says when it is used wrongly. */
#include "check.hpp"
#include "counting_memory.hpp"
#include "worlds.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace
{

void contexts()
{
    arq::Context context;
    CHECK(context && context.get() != nullptr);
    context.set_threads(2);
    context.set_threads(1);
    context.set_executor(nullptr);
    CHECK(std::string(arq::cpu_names().at(0)) == "generic");
    context.set_cpu("generic");
    CHECK(std::string(context.cpu()) == "generic");
    context.set_cpu(nullptr);
    CHECK_FAILS(context.set_cpu("abacus"), ARQ_E_NOT_FOUND, "abacus");
    CHECK_FAILS(context.set_threads(100000), ARQ_E_ARGUMENT, "100000");

    arq::Context moved(std::move(context));
    CHECK(moved && !context);
    CHECK_FAILS(context.set_threads(1), ARQ_E_ARGUMENT, "context is NULL");
    CHECK_FAILS(arq::Config(context), ARQ_E_ARGUMENT, "NULL");
    context = std::move(moved);
    CHECK(context && !moved);

    arq_allocator broken{};
    CHECK_FAILS(arq::Context(&broken), ARQ_E_ARGUMENT, "struct_size");
    CountingMemory memory;
    memory.empty = true;
    CHECK_FAILS(arq::Context(memory), ARQ_E_NOMEM, "context");
}

void logs()
{
    std::vector<std::string> lines;
    arq::Context context;
    context.set_log(ARQ_LOG_INFO, [&](std::int32_t level, const char *text) {
        lines.push_back(std::to_string(level) + " " + text);
        throw Derailed(1); /* has nowhere to go and must not harm */
    });
    arq_config *leaked = nullptr;
    CHECK(arq_config_create(context.get(), nullptr, &leaked) == ARQ_OK);
    CHECK_FAILS(context.set_log(ARQ_LOG_INFO, nullptr), ARQ_E_BUSY, "1 handles");
    arq_context_destroy(context.get()); /* refused, and the log hears why */
    CHECK(lines.size() == 1 && lines[0].find("1 handles made from this context still exist") != std::string::npos);
    arq_config_destroy(leaked);
    context.set_log(ARQ_LOG_INFO, nullptr);
}

void configs()
{
    counted([](arq::Context &context) {
        arq::Config config(context, "fast");
        CHECK(std::string(config.origin("widths")) == "fast");
        config.set("gamma", 0.5);
        config.set("gamma", 0.5f);
        config.set("double_q", false);
        config.set("batch", 32u);
        config.set(std::string("widths"), std::string("64,48"));
        CHECK(config.number("gamma") == 0.5);
        CHECK(config.text("double_q") == "false");
        CHECK(config.number("batch") == 32);
        CHECK(config.text("widths") == "64,48");
        CHECK(std::string(config.origin("gamma")) == "set");
        CHECK(config.origin("gama") == nullptr);
        CHECK_FAILS(config.set("gama", 0.5), ARQ_E_NOT_FOUND, "gamma");
        CHECK_FAILS(config.set("gamma", 2.0), ARQ_E_ARGUMENT, "0 .. 1");
        CHECK_FAILS(config.number("widths"), ARQ_E_ARGUMENT, "widths");
        CHECK_FAILS(arq::Config(context, "huge"), ARQ_E_NOT_FOUND, "huge");
        arq::Config moved;
        CHECK(!moved);
        moved = std::move(config);
        CHECK(moved.text("widths") == "64,48");
        CHECK_FAILS(config.text("widths"), ARQ_E_ARGUMENT, "NULL");
    });
    CHECK(arq::parameters().size() > 20);
    for (const arq::Parameter &row : arq::parameters())
        CHECK(row.type && row.range && row.default_value && row.unit && row.doc && row.source);
    CHECK(arq::presets().size() >= 3);
    CHECK(std::string(arq::presets()[0].name) == "fast");
    CHECK(arq::preset_environments("fast") == 64 && arq::preset_environments("minatar-paper") == 1);
    CHECK(arq::preset_environments("no-such") == 0);
}

void observations()
{
    std::vector<float> floats(3);
    const std::uint8_t bytes[2] = {1, 2};
    std::array<double, 3> doubles{};
    std::int32_t state = 2;
    auto fits = [](arq::Observation observation, arq::ObservationLayout layout) {
        return observation.misfit("call", "observation", layout, 1).empty();
    };
    CHECK(fits(floats, three_floats));
    CHECK(fits(bytes, arq::ObservationLayout::bytes(2)) && fits(bytes, arq::ObservationLayout::bits(16)));
    CHECK(fits(doubles, arq::ObservationLayout::doubles(3)));
    CHECK(fits(state, arq::ObservationLayout::states(5)));
    CHECK(!fits(bytes, arq::ObservationLayout::bits(17)));
    CHECK(!fits(floats, arq::ObservationLayout::floats(4)) && !fits(floats, arq::ObservationLayout::doubles(3)));
    CHECK(arq::Observation(floats).misfit("call", "it", arq::ObservationLayout::floats(4), 1) ==
          "call: it has 3 float; 4 float are needed");
    for (std::int32_t kind = 0; kind < 8; kind++) {
        for (std::uint32_t size : {0u, 1u, 7u, 8u, 9u, 4294967295u})
            CHECK((arq::ObservationLayout{kind, size}.size_in_bytes()) == arq_observation_bytes(kind, size));
    }
    static_assert(!std::is_constructible_v<arq::Observation, double>, "a number is no observation");
    static_assert(!std::is_constructible_v<arq::ObservationBuffer, const std::vector<float> &>, "const is not written");

    arq::ObservationArray array(three_floats, 2);
    CHECK(array.count() == 2 && array.layout() == three_floats);
    array[1].as<float>()[2] = 7;
    CHECK(array.as<float>()[5] == 7);
    CHECK_FAILS(array.as<double>(), ARQ_E_SHAPE, "asked for as double; its values are float");
    arq::ObservationBuffer(array).clear();
    CHECK(array.as<float>()[5] == 0);

    const std::vector<float> seen = arq::observation_floats(arq::ObservationLayout::states(4), state);
    CHECK((seen == std::vector<float>{0, 0, 1, 0}));
    CHECK_FAILS(arq::observation_floats(three_floats, doubles), ARQ_E_SHAPE, "double");
    CHECK_FAILS(arq::observation_floats({99, 3}, doubles), ARQ_E_ARGUMENT, "kind 99");
}

void networks()
{
    counted([](arq::Context &context) {
        check::File file("network.safetensors");
        arq::Network network(context, small_config(context), three_floats, 4);
        CHECK(network.cells() == 1 && network.actions() == 4 && network.layout() == three_floats);
        CHECK(network.parameter("widths") == "16");

        const std::vector<arq::Tensor> tensors = network.tensors();
        CHECK(!tensors.empty());
        std::vector<float> values = network.read(tensors[0].name);
        CHECK(values.size() == tensors[0].count());
        values[0] = 2;
        network.write(tensors[0].name, values);
        CHECK(network.read(tensors[0].name)[0] == 2);
        CHECK_FAILS(network.read("cell9.nothing"), ARQ_E_NOT_FOUND, "cell9.nothing");
        values.pop_back();
        CHECK_FAILS(network.write(tensors[0].name, values), ARQ_E_SHAPE, tensors[0].name);

        network.save(file.path());
        arq::Network opened(context, file.path());
        CHECK(opened.read(tensors[0].name)[0] == 2);
        opened.load(file.path());
        CHECK_FAILS(opened.load("nowhere/at.all"), ARQ_E_IO, "nowhere/at.all");

        arq::Activations activations(network, 2);
        CHECK(activations.episodes() == 2);
        const float both[6] = {1, 2, 3, 4, 5, 6};
        std::vector<float> q = network.q(activations, both);
        CHECK(q.size() == 8);
        CHECK(activations.read(ARQ_ACTIVATION_Q, 0, 1).size() == 4);
        std::int32_t actions[2];
        network.act(activations, both, actions);
        for (int episode = 0; episode < 2; episode++) {
            for (int action = 0; action < 4; action++)
                CHECK(q[static_cast<std::size_t>(4 * episode + actions[episode])] >=
                      q[static_cast<std::size_t>(4 * episode + action)]);
        }
        activations.begin(1);
        CHECK_FAILS(activations.begin(2), ARQ_E_ARGUMENT, "2");
        CHECK_FAILS(activations.advance(1), ARQ_E_ORDER, "");
        CHECK_FAILS(network.q(activations, three_floats.size == 3 ? std::vector<float>(3) : std::vector<float>()),
                    ARQ_E_SHAPE, "Network::q: observations has 3 float; 6 float are needed");
        CHECK_FAILS(network.act(activations, both), ARQ_E_SHAPE, "actions has 1 values; 2 are needed");
        std::vector<float> short_q(7);
        CHECK_FAILS(network.q(activations, both, short_q), ARQ_E_SHAPE, "q has 7 values; 8 are needed");

        /* Ended in any order: the copy outlives its original, activations need no network. */
        arq::Network copy = network.copy();
        network = arq::Network();
        activations.begin(0);
        activations.begin(1);
        CHECK(copy.q(activations, both) == q);
        copy = std::move(opened);
        CHECK_FAILS(opened.save(file.path()), ARQ_E_ARGUMENT, "NULL");
    });
}

void cells()
{
    counted([](arq::Context &context) {
        check::File file("cell.safetensors");
        arq::Cell cell(context, small_config(context), 3, 8, 2);
        std::vector<float> x{1, 0, 0, 0, 1, 0}, h(16), y(2 * 2 * cell.outputs()), q(4), q_one(2);
        cell.forward(x, h, y, q);
        const std::int32_t actions[2] = {1, 0};
        cell.forward_actions(x, actions, {}, {}, q_one);
        CHECK(q_one[0] == q[1] && q_one[1] == q[2]);
        const float targets[2] = {1, 0.5f};
        float first = cell.update(x, actions, targets), last = first;
        for (int i = 0; i < 200; i++)
            last = cell.update(x, actions, targets);
        CHECK(first > 0 && last < first / 10);

        CHECK_FAILS(cell.forward({x.data(), 5}, h, y, q), ARQ_E_SHAPE, "x has 5 values; a multiple of 3 is needed");
        CHECK_FAILS(cell.forward(x, h, y, q_one), ARQ_E_SHAPE, "q has 2 values; 4 are needed");
        CHECK_FAILS(cell.update(x, {actions, 1}, targets), ARQ_E_SHAPE, "actions has 1 values; 2 are needed");
        CHECK_FAILS(cell.update({x.data(), 3}, {actions, 1}, targets), ARQ_E_SHAPE, "targets has 2 values");
        CHECK_FAILS(cell.forward({}, {}, {}, {}), ARQ_E_ARGUMENT, "batch");

        const std::vector<arq::Tensor> tensors = cell.tensors();
        std::vector<float> kernel = cell.read("fc_h.kernel");
        CHECK(tensors.size() > 2 && kernel.size() == 24);
        cell.save(file.path());
        cell.write("fc_h.kernel", std::vector<float>(24));
        CHECK(cell.read("fc_h.kernel")[0] == 0);
        cell.load(file.path());
        CHECK(cell.read("fc_h.kernel") == kernel);
        arq::Cell moved(std::move(cell));
        CHECK(moved.outputs() > 0 && cell.outputs() == 0);
        CHECK_FAILS(cell.forward(x, h, y, q), ARQ_E_ARGUMENT, "NULL");
    });
}

void replay_and_learner()
{
    counted([](arq::Context &context) {
        check::File file("replay.safetensors"), learner_file("learner.safetensors");
        arq::Config config = small_config(context);
        arq::Network network(context, config, three_floats, 2);
        arq::Learner learner(network, config);
        CHECK_FAILS(arq::Learner(network, config), ARQ_E_BUSY, "learner");
        arq::Replay replay(context, three_floats, 100, learner.window(), 5);
        CHECK_FAILS(replay.add(0, {}, std::vector<float>(3)), ARQ_E_ORDER, "");
        replay.begin(std::vector<float>{0, 0, 1});
        for (int i = 0; i < 40; i++)
            replay.add(i % 2, {0.5, false, i == 39}, std::vector<float>{1, static_cast<float>(i), 0});
        CHECK(replay.size() == 40 && replay.eligible() > 0);
        CHECK_FAILS(replay.begin(std::vector<float>(2)), ARQ_E_SHAPE, "Replay::begin: observation has 2 float");
        CHECK_FAILS(replay.add(0, {}, std::vector<double>(3)), ARQ_E_SHAPE, "3 double; 3 float are needed");

        arq::Batch batch = replay.batch(8);
        CHECK(batch.size() == 8);
        replay.sample(true, batch);
        CHECK(batch.rewards[0] == 0.5f);
        CHECK(std::isnan(learner.metric("loss")));
        learner.update(batch);
        learner.sync();
        CHECK(learner.metric("updates") == 1 && learner.metric("loss") >= 0);
        CHECK_FAILS(learner.metric("luck"), ARQ_E_NOT_FOUND, "luck");
        arq::Batch narrow(three_floats, 8, learner.window() + 1);
        CHECK_FAILS(replay.sample(true, narrow), ARQ_E_SHAPE, "batch.observations");
        CHECK_FAILS(learner.update(narrow), ARQ_E_SHAPE, "batch.observations");
        batch.rewards.pop_back();
        CHECK_FAILS(learner.update(batch), ARQ_E_SHAPE, "differ in length");
        arq::Batch many = replay.batch(500);
        CHECK_FAILS(replay.sample(true, many), ARQ_E_ORDER, "500");

        replay.save(file.path());
        arq::Replay loaded(context, three_floats, 100, learner.window(), 6);
        loaded.load(file.path());
        CHECK(loaded.size() == 40);
        learner.save(learner_file.path());
        learner.load(learner_file.path());

        /* The learner keeps its network. */
        network = arq::Network();
        arq::Batch again = loaded.batch(8);
        loaded.sample(false, again);
        learner.update(again);
        CHECK(learner.metric("updates") == 2);
    });
}

void agents()
{
    counted([](arq::Context &context) {
        check::File file("agent.safetensors");
        arq::Config config = small_config(context);
        arq::Agent agent(context, config, three_floats, 2);
        CHECK(agent.layout() == three_floats);
        CHECK_FAILS(agent.act(), ARQ_E_ORDER, "begin");
        CHECK_FAILS(agent.begin(std::vector<float>(2)), ARQ_E_SHAPE, "Agent::begin: observation has 2 float; 3 float");
        std::vector<float> observation{1, 0, 0};
        std::uint64_t updates = 0, ends = 0, explored = 0;
        for (int episode = 0; episode < 5; episode++) {
            agent.begin(observation);
            for (int i = 0; i < 40; i++) {
                std::int32_t action = agent.act();
                CHECK(action == agent.act());
                observation[0] = static_cast<float>(i);
                arq::Step step{action == 1 ? 1.0 : 0.0, i == 39, false};
                arq::Events events = i == 7 ? agent.observe(step, observation, 1) : agent.observe(step, observation);
                updates += events.updated();
                ends += events.episode_end();
                explored += events.explored();
            }
        }
        CHECK(agent.metric("steps") == 200 && ends == 5 && explored > 0);
        CHECK(static_cast<double>(updates) == agent.metric("updates") && updates > 0);
        CHECK_FAILS(agent.observe({}, std::vector<double>(3)), ARQ_E_SHAPE, "next_observation has 3 double");
        CHECK_FAILS(agent.metric("luck"), ARQ_E_NOT_FOUND, "luck");

        agent.save(file.path());
        arq::Agent loaded(context, config, three_floats, 2);
        loaded.load(file.path());
        CHECK(loaded.metric("steps") == 200);

        /* A borrowed network keeps its agent. */
        arq::Network network = agent.network();
        arq::Activations activations(network);
        std::vector<float> q = network.q(activations, observation);
        agent = std::move(loaded);
        CHECK(network.q(activations, observation) == q);
        CHECK(agent.network().q(activations, observation) == q);
        CHECK_FAILS(loaded.network().copy(), ARQ_E_ARGUMENT, "NULL");
    });
}

void activations_of_agents()
{
    arq::Context context;
    arq::Config config = small_config(context);
    config.set("epsilon_start", 0);
    config.set("epsilon_end", 0);
    arq::Agent agent(context, config, three_floats, 2);
    agent.begin(std::vector<float>{1, 2, 3});
    std::int32_t action = agent.act();
    std::vector<float> q = agent.activations(ARQ_ACTIVATION_Q, 0);
    CHECK(q.size() == 2 && q[static_cast<std::size_t>(action)] >= q[static_cast<std::size_t>(1 - action)]);
    CHECK(agent.activations(ARQ_ACTIVATION_H, 0).size() == 16);
    CHECK_FAILS(agent.activations(ARQ_ACTIVATION_Q, 7), ARQ_E_ARGUMENT, "7");
}

void environments()
{
    counted([](arq::Context &context) {
        arq::Env env(context, std::make_unique<FullCorridor>());
        CHECK(env.actions() == 2 && env.layout() == arq::ObservationLayout::floats(6));
        CHECK(std::string(env.action_name(1)) == "right" && std::string(env.observation_name(0)) == "start");
        arq::ObservationArray observation(env.layout());
        CHECK_FAILS(env.step(0, observation), ARQ_E_ORDER, "never reset");
        env.reset(7, observation);
        CHECK(observation.as<float>()[0] == 1);
        std::vector<std::uint8_t> start = env.save();
        double sum = 0;
        arq::Step step;
        int steps = 0;
        while (!step.ended()) {
            step = env.step(1, observation);
            sum += step.reward;
            steps++;
        }
        CHECK(sum == 1 && steps == 5 && step.terminated && !step.truncated);
        env.load(start);
        arq::Picture picture = env.render(2);
        CHECK(picture.width == 12 && picture.height == 2 && picture.rgb[0] == 255 && picture.rgb[6] == 0);
        start.back() = 200;
        CHECK_FAILS(env.load(start), ARQ_E_FORMAT, "a state is one field of the corridor");
        std::vector<float> too_short(5);
        CHECK_FAILS(env.reset({}, too_short), ARQ_E_SHAPE, "Env::reset: observation has 5 float; 6 float are needed");
        CHECK_FAILS(env.step(2, observation), ARQ_E_ARGUMENT, "0 .. 1");

        /* A wrapper owns what it wraps; a failed one leaves it alone. */
        CHECK_FAILS(arq::Env::bang_bang(std::move(env)), ARQ_E_UNSUPPORTED, "discrete");
        CHECK(env);
        arq::Env limited = arq::Env::time_limit(std::move(env), 3);
        CHECK(!env && limited.spec()->time_limit == 3);
        limited.reset({}, observation);
        for (int i = 0; i < 3; i++)
            step = limited.step(0, observation);
        CHECK(step.truncated && !step.terminated);
        CHECK_FAILS(env.reset({}, observation), ARQ_E_ARGUMENT, "NULL");
    });
    CHECK(Corridor::alive == 0);
}

void kinds_of_observations()
{
    arq::Context context;
    for (std::int32_t kind : {ARQ_OBSERVATION_BIT, ARQ_OBSERVATION_U8, ARQ_OBSERVATION_F32, ARQ_OBSERVATION_F64,
                              ARQ_OBSERVATION_DISCRETE}) {
        arq::Env env(context, std::make_unique<Corridor>(kind, 9));
        arq::ObservationArray observation(env.layout());
        env.reset(1, observation);
        for (int i = 1; i < 9; i++) {
            env.step(1, observation);
            std::vector<float> seen = arq::observation_floats(env.layout(), observation);
            CHECK(seen.size() == 9 && seen[static_cast<std::size_t>(i)] == 1 &&
                  seen[static_cast<std::size_t>(i - 1)] == 0);
        }
        arq::Agent agent(context, small_config(context), env.layout(), env.actions());
        agent.begin(observation);
        CHECK(agent.act() >= 0);
    }
}

void box_actions()
{
    counted([](arq::Context &context) {
        arq::Env env(context, std::make_unique<Slide>());
        std::vector<double> observation(1);
        env.reset(1, observation);
        CHECK(env.step_box(std::array<double, 2>{0.5, -1}, observation).reward == -0.5);
        CHECK_FAILS(env.step_box(std::vector<double>(3), observation), ARQ_E_SHAPE, "action has 3 components; 2");
        CHECK_FAILS(env.step_box(std::vector<double>{0, 2}, observation), ARQ_E_ARGUMENT, "component 1 is 2");
        CHECK_FAILS(env.step(0, observation), ARQ_E_UNSUPPORTED, "step_box");
        arq::Env coded = arq::Env::bang_bang(std::move(env));
        CHECK(coded.actions() == 4);
        coded.reset(1, observation);
        CHECK(coded.step(3, observation).reward == 2);
    });
}

void batches()
{
    counted([](arq::Context &context) {
        arq::register_environment<Corridor>(context, "toy/corridor", "Walk right",
                                            {{ARQ_OPTION_INT, "length", 2, 100, 6, "Fields", ""}});
        arq::EnvBatch batch(context, "toy/corridor?length=4", 3);
        CHECK(batch.count() == 3 && batch.layout() == arq::ObservationLayout::floats(4));
        arq::ObservationArray observations(batch.layout(), batch.count());
        batch.reset({}, {}, observations);
        arq::BatchStep step;
        const std::int32_t actions[3] = {1, 0, 1};
        for (int i = 0; i < 3; i++)
            batch.step(actions, observations, step);
        CHECK(step.rewards == (std::vector<double>{1, 0, 1}));
        CHECK(step.terminated == (std::vector<std::int32_t>{1, 0, 1}) && step.truncated == std::vector<int>(3));
        CHECK(observations[2].as<float>()[3] == 1 && observations[1].as<float>()[0] == 1);
        CHECK_FAILS(batch.step(actions, observations, step), ARQ_E_ORDER, "");
        const std::uint8_t mask[3] = {1, 0, 1};
        const std::uint64_t seeds[3] = {1, 2, 3};
        batch.reset(seeds, mask, observations);
        batch.step(actions, observations, step);
        CHECK_FAILS(batch.step({actions, 2}, observations, step), ARQ_E_SHAPE, "actions has 2 values; 3 are needed");
        CHECK_FAILS(batch.reset({seeds, 2}, {}, observations), ARQ_E_SHAPE, "seeds has 2");
        CHECK_FAILS(batch.reset({}, {}, observations[0]), ARQ_E_SHAPE, "4 float; 12 float are needed");

        arq::Env one = batch.at(1);
        CHECK(one.actions() == 2 && !batch.at(3));
        CHECK_FAILS(one.reset({}, observations[1]), ARQ_E_UNSUPPORTED, "batch");
        batch = arq::EnvBatch();
        CHECK(one.actions() == 2); /* keeps the batch */
    });
    CHECK(Corridor::alive == 0);
}

void parts_of_batches()
{
    counted([](arq::Context &context) {
        arq::register_environment<Corridor>(context, "toy/corridor", "Walk right",
                                            {{ARQ_OPTION_INT, "length", 2, 100, 6, "Fields", ""}});
        std::vector<arq::Env> envs;
        for (int i = 0; i < 3; i++)
            envs.push_back(arq::Env(context, i == 1 ? "toy/corridor?length=4|time_limit=1" : "toy/corridor?length=4"));
        arq::EnvBatch batch = arq::EnvBatch::create(std::move(envs));
        CHECK(batch.count() == 3 && batch.statuses().size() == 3 && !envs[0]);
        arq::ObservationArray observations(batch.layout(), batch.count());
        arq::BatchStep step;
        const std::int32_t actions[3] = {1, 0, 1};
        CHECK_FAILS(batch.step_masked({}, actions, observations, step), ARQ_E_ORDER, "inside an episode");
        batch.reset({}, {}, observations);
        batch.step_masked({}, actions, observations, step);
        CHECK(step.truncated == (std::vector<std::int32_t>{0, 1, 0}));
        const std::uint8_t last[3] = {0, 0, 1};
        step.rewards.assign(3, 7);
        batch.step_masked(last, actions, observations, step);
        CHECK(step.rewards == (std::vector<double>{7, 7, 0}));
        CHECK_FAILS(batch.step_masked({last, 2}, actions, observations, step), ARQ_E_SHAPE, "mask 2");
        CHECK_FAILS(batch.step_box({}, std::vector<double>(6), observations, step), ARQ_E_UNSUPPORTED, "discrete");
        arq::EnvBatch limited = arq::EnvBatch::time_limit(std::move(batch), 2);
        CHECK(limited.count() == 3 && batch.count() == 0);
        CHECK(limited.at(2).spec()->time_limit == 2);
        CHECK_FAILS(arq::EnvBatch::bang_bang(std::move(limited)), ARQ_E_UNSUPPORTED, "box");
        CHECK(limited.count() == 3); /* as it was */
    });
    CHECK(Corridor::alive == 0);
}

void runs()
{
    counted([](arq::Context &context) {
        arq::Config config = small_config(context);
        arq::Env env(context, std::make_unique<Corridor>());
        arq::Run run(context, config, env);
        CHECK_FAILS(arq::Env::time_limit(std::move(env), 10), ARQ_E_BUSY, "a run uses this environment");
        std::uint64_t made = 0;
        while (std::uint64_t done = run.advance(1000))
            made += done;
        CHECK(made == 1000 && run.metric("steps") == 1000 && run.metric("episodes") > 0);
        CHECK_FAILS(run.metric("luck"), ARQ_E_NOT_FOUND, "luck");
        for (const arq::Metric &metric : arq::metrics()) {
            CHECK(metric.doc != nullptr);
            static_cast<void>(run.metric(metric.name));
        }

        arq::Env other(context, std::make_unique<Corridor>());
        arq::EvaluationOptions options;
        options.episodes = 5;
        options.max_steps = 100;
        arq::Evaluation trained = arq::evaluate(context, run.agent().network(), other, options);
        arq::Evaluation random = arq::evaluate_random(context, other, options);
        CHECK(trained.returns.size() == 5 && trained.mean_return() == 1);
        CHECK(trained.lengths == std::vector<std::uint64_t>(5, 5)); /* straight to the right */
        CHECK(random.lengths.size() == 5);
        CHECK_FAILS(arq::evaluate(context, arq::Network(), other, options), ARQ_E_ARGUMENT, "empty");

        std::uint64_t longest = 0;
        options.period = 1;
        options.keep_going = [&](std::uint32_t ended, std::uint64_t steps) {
            longest = std::max(longest, steps);
            return ended < 3;
        };
        arq::Evaluation stopped = arq::evaluate(context, run.agent().network(), other, options);
        CHECK(stopped.returns.size() == 3 && stopped.lengths.size() == 3 && stopped.mean_return() == 1);
        CHECK(longest == 4); /* the fifth step ends it */
        options.keep_going = [](std::uint32_t, std::uint64_t) -> bool { throw std::domain_error("enough"); };
        bool thrown = false;
        try {
            arq::evaluate_random(context, other, options);
        } catch (const std::domain_error &error) {
            thrown = error.what() == std::string("enough");
        }
        CHECK(thrown);

        /* An agent keeps its run, a run its environment. */
        arq::Agent agent = run.agent();
        env = arq::Env();
        run = arq::Run();
        CHECK(agent.metric("steps") == 1000);
    });
    CHECK(Corridor::alive == 0);
}

const check::Test tests[] = {
    {"contexts", contexts},
    {"logs", logs},
    {"configs", configs},
    {"observations", observations},
    {"networks", networks},
    {"cells", cells},
    {"replay_and_learner", replay_and_learner},
    {"agents", agents},
    {"activations_of_agents", activations_of_agents},
    {"environments", environments},
    {"kinds_of_observations", kinds_of_observations},
    {"box_actions", box_actions},
    {"batches", batches},
    {"parts of batches", parts_of_batches},
    {"runs", runs},

};

} // namespace

int main()
{
    return check::run(tests);
}
