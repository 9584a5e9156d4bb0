/*
 * An environment of the program's own in C++: a corridor with the prize at its right end.
 *
 * Prints:
 *   after 6000 steps an episode takes 11 steps
 */
#include <arq/arq.hpp>
#include <cstdio>

class Corridor : public arq::Environment
{
  public:
    void spec(arq_env_spec &spec) override
    {
        spec.observation_kind = ARQ_OBSERVATION_DISCRETE; /* the number of the field */
        spec.observation_size = fields;
        spec.action_kind = ARQ_ACTION_DISCRETE; /* 0: left, 1: right */
        spec.action_count = 2;
    }

    void reset(std::optional<std::uint64_t>, arq::ObservationBuffer observation) override
    {
        field_ = observation.as<std::int32_t>()[0] = 0; /* nothing here is random */
    }

    arq::Step step(std::int32_t action, arq::ObservationBuffer observation) override
    {
        field_ += action == 1 ? 1 : field_ > 0 ? -1 : 0;
        observation.as<std::int32_t>()[0] = field_;
        bool arrived = field_ == fields - 1;
        return {arrived ? 1.0 : 0.0, arrived, false};
    }

  private:
    static constexpr int fields = 12; /* eleven steps from the first to the last */
    std::int32_t field_ = 0;
};

int main()
{
    try {
        arq::Context context;
        arq::Config config(context, "fast");
        config.set("total_steps", 6000);
        config.set("rollout", 64);
        config.set("epochs", 4);
        config.set("batch", 64);
        config.set("exploration_steps", 4000);
        config.set("gamma", 0.9);
        arq::Env env(context, std::make_unique<Corridor>());
        arq::Run run(context, config, env);
        while (run.advance(1000) > 0) {
        }
        std::printf("after 6000 steps an episode takes %.0f steps\n", run.metric("length"));
    } catch (const std::exception &error) {
        std::puts(error.what());
        return 1;
    }
}
