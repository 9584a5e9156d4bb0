/* Environments to test with. */
#ifndef ARQ_TESTS_CPP_WORLDS_HPP
#define ARQ_TESTS_CPP_WORLDS_HPP

#include <arq/arq.hpp>

#include <atomic>
#include <stdexcept>

inline constexpr auto three_floats = arq::ObservationLayout::floats(3);

/* Learns the corridor below in its 1000 steps. */
inline arq::Config small_config(const arq::Context &context)
{
    arq::Config config(context, "replay-fast");
    config.set("widths", "16");
    config.set("heads", 4);
    config.set("gamma", 0.9);
    config.set("batch", 32);
    config.set("train_period", 1);
    config.set("target_period", 50);
    config.set("learning_starts", 50);
    config.set("learning_rate", 0.003);
    config.set("exploration_steps", 750);
    config.set("total_steps", 1000);
    config.set("replay_capacity", 1000);
    return config;
}

/* Walk right; the last field ends the episode with reward 1. The observation has a value for each field, in any kind.
 */
class Corridor : public arq::Environment
{
  public:
    explicit Corridor(std::int32_t kind = ARQ_OBSERVATION_F32, std::int32_t length = 6) : kind_(kind), length_(length)
    {
        alive++;
    }
    explicit Corridor(arq::Span<const double> options)
        : Corridor(ARQ_OBSERVATION_F32, static_cast<std::int32_t>(options[0]))
    {
    }
    ~Corridor() override
    {
        alive--;
    }

    static inline std::atomic<int> alive{0};

    void spec(arq_env_spec &spec) override
    {
        spec.observation_kind = kind_;
        spec.observation_size = static_cast<std::uint32_t>(length_);
        spec.action_kind = ARQ_ACTION_DISCRETE;
        spec.action_count = 2;
    }

    void reset(std::optional<std::uint64_t> seed, arq::ObservationBuffer observation) override
    {
        if (seed)
            last_seed_ = *seed;
        field_ = 0;
        observe(observation);
    }

    arq::Step step(std::int32_t action, arq::ObservationBuffer observation) override
    {
        bool ended = field_ == length_ - 1;
        field_ += ended ? 0 : action == 1 ? 1 : field_ > 0 ? -1 : 0;
        observe(observation);
        bool arrived = field_ == length_ - 1;
        return {arrived && !ended ? 1.0 : 0.0, arrived, false};
    }

  protected:
    void observe(arq::ObservationBuffer observation) const
    {
        observation.clear();
        auto field = static_cast<std::size_t>(field_);
        switch (kind_) {
        case ARQ_OBSERVATION_BIT:
            observation.set_bit(field);
            break;
        case ARQ_OBSERVATION_U8:
            observation.as<std::uint8_t>()[field] = 255;
            break;
        case ARQ_OBSERVATION_F32:
            observation.as<float>()[field] = 1;
            break;
        case ARQ_OBSERVATION_F64:
            observation.as<double>()[field] = 1;
            break;
        default:
            observation.as<std::int32_t>()[0] = field_;
        }
    }

    std::int32_t kind_, length_, field_ = 0;
    std::uint64_t last_seed_ = 0;
};

/* A corridor with every optional method. */
class FullCorridor : public Corridor
{
  public:
    using Corridor::Corridor;

    std::vector<std::uint8_t> save() override
    {
        return {static_cast<std::uint8_t>(field_)};
    }
    void load(arq::Span<const std::uint8_t> state) override
    {
        if (state.size() != 1 || state[0] >= length_)
            throw arq::Error(ARQ_E_FORMAT, "a state is one field of the corridor");
        field_ = state[0];
    }
    arq::Picture render(std::uint32_t cell_size) override
    {
        arq::Picture picture{static_cast<std::uint32_t>(length_) * cell_size, cell_size, {}};
        picture.rgb.assign(std::size_t{3} * picture.width * picture.height, 0);
        for (std::uint32_t y = 0; y < cell_size; y++) {
            for (std::uint32_t x = 0; x < 3 * cell_size; x++)
                picture.rgb[3 * (y * picture.width + static_cast<std::uint32_t>(field_) * cell_size) + x] = 255;
        }
        return picture;
    }
    const char *action_name(std::uint32_t action) override
    {
        return action == 0 ? "left" : "right";
    }

  private:
    /* private, and still the library sees that it is there */
    const char *observation_name(std::uint32_t index) override
    {
        return index == 0 ? "start" : "on the way";
    }
};

/* Two components between -1 and 1; the reward is their sum, the tenth step ends the episode. */
class Slide : public arq::Environment
{
  public:
    void spec(arq_env_spec &spec) override
    {
        spec.observation_kind = ARQ_OBSERVATION_F64;
        spec.observation_size = 1;
        spec.action_kind = ARQ_ACTION_BOX;
        spec.action_count = 2;
        spec.action_low = low_;
        spec.action_high = high_;
    }
    void reset(std::optional<std::uint64_t>, arq::ObservationBuffer observation) override
    {
        steps_ = 0;
        observation.as<double>()[0] = 0;
    }
    arq::Step step_box(arq::Span<const double> action, arq::ObservationBuffer observation) override
    {
        steps_++;
        observation.as<double>()[0] = steps_;
        return {action[0] + action[1], steps_ == 10, false};
    }

  private:
    double low_[2] = {-1, -1}, high_[2] = {1, 1};
    int steps_ = 0;
};

/* What a faulty corridor throws, with something that only the very same object has. */
class Derailed : public std::runtime_error
{
  public:
    explicit Derailed(int where) : std::runtime_error("derailed"), where_(where)
    {
        alive++;
    }
    Derailed(const Derailed &other) : std::runtime_error(other), where_(other.where_)
    {
        alive++;
    }
    Derailed &operator=(const Derailed &other) = default;
    ~Derailed() override
    {
        alive--;
    }
    static inline std::atomic<int> alive{0};
    int where() const
    {
        return where_;
    }

  private:
    int where_;
};

/* A corridor that throws in one of its methods, from a number of calls on. */
class FaultyCorridor : public FullCorridor
{
  public:
    enum Method { in_none, in_create, in_spec, in_reset, in_step, in_save, in_load, in_render, in_names };

    explicit FaultyCorridor(Method method = in_none, int after = 0) : method_(method), after_(after)
    {
        fail(in_create);
    }
    explicit FaultyCorridor(arq::Span<const double> options)
        : FaultyCorridor(static_cast<Method>(static_cast<int>(options[0])), static_cast<int>(options[1]))
    {
    }

    void spec(arq_env_spec &spec) override
    {
        fail(in_spec);
        Corridor::spec(spec);
    }
    void reset(std::optional<std::uint64_t> seed, arq::ObservationBuffer observation) override
    {
        fail(in_reset);
        Corridor::reset(seed, observation);
    }
    arq::Step step(std::int32_t action, arq::ObservationBuffer observation) override
    {
        fail(in_step);
        return Corridor::step(action, observation);
    }
    std::vector<std::uint8_t> save() override
    {
        fail(in_save);
        return FullCorridor::save();
    }
    void load(arq::Span<const std::uint8_t> state) override
    {
        fail(in_load);
        FullCorridor::load(state);
    }
    arq::Picture render(std::uint32_t cell_size) override
    {
        fail(in_render);
        return FullCorridor::render(cell_size);
    }
    const char *action_name(std::uint32_t action) override
    {
        fail(in_names);
        return FullCorridor::action_name(action);
    }

  private:
    void fail(Method method)
    {
        if (method == method_ && calls_++ >= after_)
            throw Derailed(static_cast<int>(last_seed_));
    }

    Method method_;
    int after_, calls_ = 0;
};

#endif
