/* The interface without exceptions: every call returns a result. Built with -fno-exceptions and with them. */
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
#define ARQ_CPP_NO_EXCEPTIONS
#endif
#include "check.hpp"

#include <arq/arq.hpp>

namespace
{

template <class Result> bool fails(const Result &result, arq_status status, const char *words)
{
    bool as_wanted = !result && result.status() == status && result.text().find(words) != std::string::npos;
    if (!as_wanted)
        std::printf("%d: %s\n", static_cast<int>(result.status()), result.text().c_str());
    return as_wanted;
}

/* Walk right; can fail at a step of its choice. */
class Corridor : public arq::Environment
{
  public:
    explicit Corridor(arq::Span<const double> options = {}) : fail_at_(options.empty() ? -1 : options[0])
    {
        alive++;
    }
    ~Corridor() override
    {
        alive--;
    }

    static inline int alive = 0;

    arq::Result<void> spec(arq_env_spec &spec) override
    {
        if (fail_at_ == 0)
            return {ARQ_E_CALLER, "no corridor here"};
        spec.observation_kind = ARQ_OBSERVATION_F32;
        spec.observation_size = 6;
        spec.action_kind = ARQ_ACTION_DISCRETE;
        spec.action_count = 2;
        return {};
    }

    arq::Result<void> reset(std::optional<std::uint64_t>, arq::ObservationBuffer observation) override
    {
        field_ = 0;
        return observe(observation);
    }

    arq::Result<arq::Step> step(std::int32_t action, arq::ObservationBuffer observation) override
    {
        bool ended = field_ == 5;
        field_ += ended ? 0 : action == 1 ? 1 : field_ > 0 ? -1 : 0;
        if (field_ == fail_at_)
            return {ARQ_E_CALLER - 7, "the door is stuck"};
        if (arq::Result<void> seen = observe(observation); !seen)
            return {seen.status(), seen.text()};
        return arq::Step{field_ == 5 && !ended ? 1.0 : 0.0, field_ == 5, false};
    }

    arq::Result<std::vector<std::uint8_t>> save() override
    {
        return std::vector<std::uint8_t>{static_cast<std::uint8_t>(field_)};
    }

    arq::Result<void> load(arq::Span<const std::uint8_t> state) override
    {
        if (state.size() != 1 || state[0] > 5)
            return {ARQ_E_FORMAT, "a state is one field of the corridor"};
        field_ = state[0];
        return {};
    }

  private:
    arq::Result<void> observe(arq::ObservationBuffer observation) const
    {
        arq::Result<arq::Span<float>> values = observation.as<float>();
        if (!values)
            return {values.status(), values.text()};
        observation.clear();
        (*values)[static_cast<std::size_t>(field_)] = 1;
        return {};
    }

    double fail_at_;
    int field_ = 0;
};

void handles()
{
    arq::Result<arq::Context> made = arq::Context::create();
    CHECK(made && made.status() == ARQ_OK && made.text().empty());
    arq::Context context = *std::move(made);
    CHECK(fails(context.set_threads(100000), ARQ_E_ARGUMENT, "100000"));
    CHECK(fails(arq::Config::create(context, "huge"), ARQ_E_NOT_FOUND, "huge"));
    arq::Config config = *arq::Config::create(context, "replay-fast");
    CHECK(config.set("widths", "16") && config.set("batch", 16) && config.set("learning_starts", 50));
    CHECK(fails(config.set("gamma", 2.0), ARQ_E_ARGUMENT, "0 .. 1"));
    CHECK(*config.text("widths") == "16" && fails(config.text("gama"), ARQ_E_NOT_FOUND, "gamma"));

    const auto layout = arq::ObservationLayout::floats(3);
    arq::Agent agent = *arq::Agent::create(context, config, layout, 2);
    CHECK(fails(agent.act(), ARQ_E_ORDER, "begin"));
    CHECK(fails(agent.begin(std::vector<float>(2)), ARQ_E_SHAPE, "2 float; 3 float are needed"));
    CHECK(agent.begin(std::vector<float>(3)));
    arq::Result<std::int32_t> action = agent.act();
    CHECK(action && (*action == 0 || *action == 1));
    arq::Result<arq::Events> events = agent.observe({1, true, false}, std::vector<float>(3));
    CHECK(events && events->episode_end());

    arq::Network network = *arq::Network::create(context, config, layout, 2);
    arq::Activations activations = *arq::Activations::create(network);
    arq::Result<std::vector<float>> q = network.q(activations, std::vector<float>(3));
    CHECK(q && q->size() == 2 && network.act(activations, std::vector<float>(3)));
    CHECK(fails(network.q(activations, std::vector<float>(2)), ARQ_E_SHAPE, "2 float"));
    CHECK(fails(network.act(activations, std::vector<float>(2)), ARQ_E_SHAPE, "2 float"));
    CHECK(fails(network.read("nothing"), ARQ_E_NOT_FOUND, "nothing"));
    CHECK(fails(arq::Network::open(context, "nowhere/at.all"), ARQ_E_IO, "nowhere/at.all"));

    arq::Learner learner = *arq::Learner::create(network, config);
    arq::Replay replay = *arq::Replay::create(context, layout, 100, learner.window());
    CHECK(replay.begin(std::vector<float>(3)));
    for (int i = 0; i < 20; i++)
        CHECK(replay.add(i % 2, {1, false, i == 19}, std::vector<float>(3)));
    arq::Batch batch = replay.batch(8);
    CHECK(replay.sample(true, batch) && learner.update(batch) && *learner.metric("updates") == 1);

    arq::Cell cell = *arq::Cell::create(context, config, 3, 8, 2);
    const std::int32_t actions[1] = {1};
    const float targets[1] = {1};
    CHECK(*cell.update(std::vector<float>{1, 2, 3}, actions, targets) > 0);
    CHECK(fails(cell.update(std::vector<float>(2), actions, targets), ARQ_E_SHAPE, "a multiple of 3"));

    /* An empty handle, here from a call that failed, fails again and does no harm. */
    arq::Config none = *arq::Config::create(context, "huge");
    CHECK(!none && fails(none.set("batch", 16), ARQ_E_ARGUMENT, "NULL"));
    arq::Context empty;
    CHECK(fails(arq::Agent::create(empty, config, layout, 2), ARQ_E_ARGUMENT, "NULL"));
}

void environments()
{
    {
        arq::Context context = *arq::Context::create();
        arq::Config config = *arq::Config::create(context, "replay-fast");
        CHECK(config.set("widths", "16") && config.set("learning_starts", 50) && config.set("total_steps", 300) &&
              config.set("batch", 16));
        CHECK(arq::register_environment<Corridor>(context, "toy/corridor", "Walk right",
                                                  {{ARQ_OPTION_INT, "fail_at", -1, 9, -1, "Field of the door", ""}}));
        arq::Env env = *arq::Env::open(context, "toy/corridor");
        arq::Run run = *arq::Run::create(context, config, env);
        std::uint64_t steps = 0;
        for (;;) {
            arq::Result<std::uint64_t> done = run.advance(1000);
            CHECK(static_cast<bool>(done));
            if (!done || *done == 0)
                break;
            steps += *done;
        }
        CHECK(steps == 300 && *run.metric("updates") > 0);
        CHECK(*run.agent().metric("steps") == 300);
        CHECK(fails(run.metric("luck"), ARQ_E_NOT_FOUND, "luck"));

        /* The environment's own codes and texts come out of the call. */
        CHECK(fails(arq::Env::open(context, "toy/corridor?fail_at=0"), ARQ_E_CALLER, "no corridor here"));
        arq::Env stuck = *arq::Env::open(context, "toy/corridor?fail_at=2");
        arq::ObservationArray observation(stuck.layout());
        CHECK(stuck.reset(1, observation) && stuck.step(1, observation));
        arq::Result<std::vector<std::uint8_t>> state = stuck.save();
        CHECK(static_cast<bool>(state));
        CHECK(fails(stuck.step(1, observation), ARQ_E_CALLER - 7, "the door is stuck"));
        CHECK(static_cast<bool>(stuck.load(*state)));
        state->back() = 77;
        CHECK(fails(stuck.load(*state), ARQ_E_FORMAT, "one field"));
        CHECK(fails(stuck.render(1), ARQ_E_UNSUPPORTED, "render"));
        arq::EvaluationOptions options;
        CHECK(fails(arq::evaluate_random(context, stuck, options), ARQ_E_CALLER - 7, "the door is stuck"));
        options.max_steps = 100;
        arq::Env other = *arq::Env::open(context, "toy/corridor");
        CHECK(arq::evaluate(context, run.agent().network(), other, options)->returns.size() == 10);
        options.keep_going = [](std::uint32_t ended, std::uint64_t) { return ended < 2; };
        CHECK(arq::evaluate(context, run.agent().network(), other, options)->returns.size() == 2);

        arq::Result<std::vector<std::string>> broken =
            arq::check_environment(context, arq::EnvType::of<Corridor>("toy/corridor", "Walk right"));
        CHECK(broken && broken->empty());
        for (const std::string &line : *broken)
            check::report(false, __FILE__, __LINE__, line.c_str());
        std::unique_ptr<Corridor> instance = std::make_unique<Corridor>();
        arq::Env limited = *arq::Env::time_limit(*arq::Env::create(context, std::move(instance)), 3);
        CHECK(limited.spec()->time_limit == 3);
        CHECK(fails(arq::Env::bang_bang(std::move(limited)), ARQ_E_UNSUPPORTED, "discrete"));
    }
    CHECK(Corridor::alive == 0);
}

const check::Test tests[] = {{"handles", handles}, {"environments", environments}};

} // namespace

int main()
{
    return check::run(tests);
}
