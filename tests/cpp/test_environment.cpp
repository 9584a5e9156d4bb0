/* Environments of the program's own: trained on, checked, opened by id; and exceptions on their way through C. */
#include "check.hpp"
#include "worlds.hpp"

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace
{

/* The call throws the very Derailed that the environment threw, `where` and all. */
template <class Call> bool derails(int where, const Call &call)
{
    try {
        call();
    } catch (const Derailed &derailed) {
        return derailed.where() == where;
    } catch (const std::exception &other) {
        std::printf("thrown instead: %s\n", other.what());
    }
    return false;
}

using Faulty = FaultyCorridor;

arq::Env faulty_env(const arq::Context &context, Faulty::Method method, int after = 0)
{
    return arq::Env(context, std::make_unique<Faulty>(method, after));
}

const std::vector<arq::EnvOption> faulty_options = {{ARQ_OPTION_INT, "method", 0, 20, 0, "Which fails", ""},
                                                    {ARQ_OPTION_INT, "after", 0, 1e6, 0, "From which call on", ""}};

void learns()
{
    arq::Context context;
    arq::Config config = small_config(context);
    arq::Env env(context, std::make_unique<Corridor>()), other(context, std::make_unique<Corridor>());
    arq::Run run(context, config, env);
    while (run.advance(400) > 0) {
    }
    CHECK(run.metric("steps") == 1000);
    arq::EvaluationOptions options;
    options.max_steps = 100;
    arq::Evaluation trained = arq::evaluate(context, run.agent().network(), other, options);
    CHECK(trained.mean_return() == 1);
    CHECK(trained.lengths == std::vector<std::uint64_t>(10, 5)); /* straight to the right */
    CHECK(arq::evaluate_random(context, other, options).lengths != trained.lengths);
}

void is_found_by_its_id()
{
    arq::Context context;
    arq::register_environment<Corridor>(context, "toy/corridor", "Walk right",
                                        {{ARQ_OPTION_INT, "length", 2, 100, 6, "Fields", ""}});
    arq::register_environment<Slide>(context, "toys/slide", "Two components");
    CHECK(arq::environment_types(context).size() == 2);
    CHECK(std::strcmp(arq::environment_types(context)[0]->options[0].doc, "Fields") == 0);
    CHECK(arq::Env(context, "toy/corridor").layout().size == 6);
    CHECK(arq::Env(context, "toy/corridor?length=9").layout().size == 9);
    CHECK(arq::Env(context, "toys/slide").spec()->action_kind == ARQ_ACTION_BOX);
    CHECK_FAILS(arq::Env(context, "toy/corridor?length=1"), ARQ_E_ARGUMENT, "length");
    CHECK_FAILS(arq::Env(context, "toy/tunnel"), ARQ_E_NOT_FOUND, "toy/corridor");
    CHECK_FAILS(arq::register_environment<Slide>(context, "toy/corridor", "Again"), ARQ_E_FORMAT, "taken");
    CHECK_FAILS(arq::register_environment<Slide>(context, "No id", ""), ARQ_E_FORMAT, "No id");

    /* A collection belongs to one context at a time, for its exceptions must find their way; it may outlive it. */
    arq::Plugin plugin("games", "1.0", {arq::EnvType::of<Slide>("games/slide", "Two components")});
    {
        arq::Context first;
        arq::register_plugin(first, plugin);
        arq::register_plugin(first, plugin);
        CHECK(arq::Env(first, "games/slide").actions() == 2);
        CHECK_FAILS(arq::register_plugin(context, plugin), ARQ_E_BUSY, "games/slide");
    }
    arq::register_plugin(context, plugin);
    CHECK(arq::Env(context, "games/slide").actions() == 2);
}

void keeps_its_promises()
{
    arq::Context context;
    arq::EnvType corridor = arq::EnvType::of<FullCorridor>("toy/corridor", "Walk right",
                                                           {{ARQ_OPTION_INT, "length", 2, 100, 6, "Fields", ""}});
    for (const std::string &line : arq::check_environment(context, corridor, "length=9", 3))
        check::report(false, __FILE__, __LINE__, line.c_str());
    CHECK_FAILS(arq::check_environment(context, corridor, "width=9"), ARQ_E_ARGUMENT, "width");

    arq::EnvType faulty = arq::EnvType::of<Faulty>("toy/faulty", "Fails", faulty_options);
    const struct {
        Faulty::Method method;
        const char *word;
    } methods[] = {
        {Faulty::in_create, "create failed"}, {Faulty::in_spec, "spec failed"}, {Faulty::in_reset, "reset failed"},
        {Faulty::in_step, "step failed"},     {Faulty::in_save, "save"},        {Faulty::in_load, "load"},
        {Faulty::in_render, "render"}};
    for (const auto &method : methods) {
        std::string options = "method=" + std::to_string(method.method);
        std::vector<std::string> lines = arq::check_environment(context, faulty, options, 3);
        std::string text = lines.empty() ? options + ": nothing is said" : lines[0];
        bool as_wanted = text.find(method.word) != std::string::npos && text.find("derailed") != std::string::npos;
        check::report(as_wanted, __FILE__, __LINE__, text.c_str());
    }
    CHECK(Corridor::alive == 0);
}

void exceptions_come_out_of_the_call()
{
    arq::Context context;
    std::vector<float> observation(6);
    CHECK(derails(0, [&] { faulty_env(context, Faulty::in_spec); }));
    CHECK(Corridor::alive == 0);
    CHECK(derails(0, [&] { faulty_env(context, Faulty::in_reset).reset(5, observation); }));
    arq::Env env = faulty_env(context, Faulty::in_step, 1);
    env.reset(5, observation);
    env.step(1, observation);
    CHECK(derails(5, [&] { env.step(1, observation); }));
    CHECK_FAILS(env.step(1, observation), ARQ_E_ORDER, "reset it first");
    env.reset(6, observation);
    CHECK(derails(6, [&] { env.step(1, observation); }));

    env = faulty_env(context, Faulty::in_save, 3); /* one save asks three times, for the size first */
    env.reset(5, observation);
    std::vector<std::uint8_t> state = env.save();
    CHECK(derails(5, [&] { env.save(); }));
    arq::Env loads = faulty_env(context, Faulty::in_load);
    loads.reset(4, observation);
    CHECK(derails(4, [&] { loads.load(state); }));
    env = faulty_env(context, Faulty::in_render);
    env.reset(3, observation);
    CHECK(derails(3, [&] { env.render(1); }));
    CHECK(faulty_env(context, Faulty::in_names).action_name(0) == nullptr);
}

void exceptions_pass_wrappers_runs_and_evaluations()
{
    arq::Context context;
    std::vector<float> observation(6);
    arq::Env limited = arq::Env::time_limit(arq::Env::time_limit(faulty_env(context, Faulty::in_step, 3), 50), 40);
    limited.reset(9, observation);
    for (int i = 0; i < 3; i++)
        limited.step(0, observation);
    CHECK(derails(9, [&] { limited.step(0, observation); }));

    arq::Config config = small_config(context);
    config.set("seed", 11);
    arq::Env env = faulty_env(context, Faulty::in_step, 100);
    arq::Run run(context, config, env);
    std::uint64_t done = 0;
    CHECK(derails(11, [&] {
        for (;;)
            done += run.advance(100);
    }));
    CHECK(run.metric("steps") == 100 && done < 100); /* the episode is lost, what was learned is not */
    CHECK(derails(11, [&] { run.advance(100); }));   /* it begins a new episode, and fails again */

    arq::Env player = faulty_env(context, Faulty::in_step, 7);
    arq::EvaluationOptions options;
    options.seed = 13;
    CHECK(derails(13, [&] { arq::evaluate_random(context, player, options); }));
    CHECK(derails(13, [&] { arq::evaluate(context, run.agent().network(), player, options); }));
}

void exceptions_leave_registered_types_and_batches()
{
    arq::Context context;
    context.set_threads(2); /* instances run on other threads than the call */
    arq::register_environment<Faulty>(context, "toy/faulty", "Fails", faulty_options);
    auto id = [](Faulty::Method method, int after) {
        return "toy/faulty?method=" + std::to_string(method) + "&after=" + std::to_string(after);
    };
    CHECK(derails(0, [&] { arq::Env(context, id(Faulty::in_create, 0)); }));
    CHECK(derails(0, [&] { arq::Env(context, id(Faulty::in_spec, 0)); }));
    CHECK(derails(0, [&] { arq::EnvBatch(context, id(Faulty::in_create, 0), 3); }));

    const std::uint32_t count = 600; /* several blocks, each of which fails by itself */
    arq::EnvBatch batch(context, id(Faulty::in_step, 2), count);
    arq::ObservationArray observations(batch.layout(), count);
    std::vector<std::uint64_t> seeds(count);
    for (std::uint32_t i = 0; i < count; i++)
        seeds[i] = 1000 + i;
    std::vector<std::int32_t> actions(count);
    arq::BatchStep step;
    for (int again = 0; again < 3; again++) {
        batch.reset(seeds, {}, observations);
        if (again == 0) {
            batch.step(actions, observations, step);
            batch.step(actions, observations, step);
        }
        CHECK(derails(1000, [&] { batch.step(actions, observations, step); })); /* the first instance's */
        CHECK(Derailed::alive < static_cast<int>(count)); /* of the others one each is kept, however often they fail */
    }
    CHECK(derails(0, [&] {
        arq::EnvBatch resets(context, id(Faulty::in_reset, 0), count);
        resets.reset(seeds, {}, observations);
    }));
    batch = arq::EnvBatch();
    CHECK(Corridor::alive == 0);
    CHECK(Derailed::alive == 0);
}

/* Two environments fail at the same time in two threads: each call gets its own exception. */
void threads_get_their_own_exceptions()
{
    arq::Context context;
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (std::uint64_t thread = 0; thread < 4; thread++) {
        threads.emplace_back([&, thread] {
            std::vector<float> observation(6);
            arq::Env env = faulty_env(context, Faulty::in_step);
            for (std::uint64_t i = 0; i < 200; i++) {
                env.reset(1000 * thread + i, observation);
                if (!derails(static_cast<int>(1000 * thread + i), [&] { env.step(0, observation); }))
                    wrong++;
            }
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    CHECK(wrong == 0);
}

/* An environment that plays another one through the library: what the inner one throws crosses C twice. */
class Outer : public Corridor
{
  public:
    explicit Outer(arq::Env inner) : inner_(std::move(inner))
    {
    }
    void reset(std::optional<std::uint64_t> seed, arq::ObservationBuffer observation) override
    {
        inner_.reset(seed, observation);
    }
    arq::Step step(std::int32_t action, arq::ObservationBuffer observation) override
    {
        return inner_.step(action, observation);
    }

  private:
    arq::Env inner_;
};

void exceptions_cross_nested_environments()
{
    arq::Context context;
    std::vector<float> observation(6);
    {
        arq::Env env(context, std::make_unique<Outer>(faulty_env(context, Faulty::in_step, 1)));
        env.reset(21, observation);
        env.step(0, observation);
        CHECK(derails(21, [&] { env.step(0, observation); }));
    }
    CHECK(Corridor::alive == 0);
}

class Odd : public Corridor
{
  public:
    enum What { own_code, memory, number, lie };
    explicit Odd(What what) : what_(what)
    {
    }
    arq::Step step(std::int32_t action, arq::ObservationBuffer observation) override
    {
        switch (what_) {
        case own_code:
            throw arq::Error(-4321, "the door is stuck");
        case memory:
            throw std::bad_alloc();
        case number:
            throw 42;
        default:
            Corridor::step(action, observation);
            return {std::nan(""), false, false};
        }
    }

  private:
    What what_;
};

void other_things_thrown()
{
    arq::Context context;
    std::vector<float> observation(6);
    auto step = [&](Odd::What what) {
        arq::Env env(context, std::make_unique<Odd>(what));
        env.reset(1, observation);
        env.step(1, observation);
    };
    CHECK_FAILS(step(Odd::own_code), -4321, "the door is stuck");
    CHECK_FAILS(step(Odd::lie), ARQ_E_ENV, "reward is nan");
    bool got_memory = false, got_number = false;
    try {
        step(Odd::memory);
    } catch (const std::bad_alloc &) {
        got_memory = true;
    }
    try {
        step(Odd::number);
    } catch (int number) {
        got_number = number == 42;
    }
    CHECK(got_memory && got_number);
}

/* What has no step method, or none at all, is refused when the handle is made. */
class Nothing : public arq::Environment
{
  public:
    void spec(arq_env_spec &spec) override
    {
        spec.observation_kind = ARQ_OBSERVATION_F32;
        spec.observation_size = 1;
        spec.action_kind = ARQ_ACTION_DISCRETE;
        spec.action_count = 2;
    }
    void reset(std::optional<std::uint64_t>, arq::ObservationBuffer) override
    {
    }
};

void missing_methods()
{
    arq::Context context;
    CHECK_FAILS(arq::Env(context, std::make_unique<Nothing>()), ARQ_E_ARGUMENT, "step");
    CHECK_FAILS(arq::Env(context, std::unique_ptr<Corridor>()), ARQ_E_ARGUMENT, "environment is NULL");
    arq::Env env(context, std::make_unique<Corridor>());
    std::vector<float> observation(6);
    env.reset(1, observation);
    CHECK_FAILS(env.save(), ARQ_E_UNSUPPORTED, "save");
    CHECK_FAILS(env.render(1), ARQ_E_UNSUPPORTED, "render");
    CHECK(env.action_name(0) == nullptr);
    Nothing nothing;
    CHECK_FAILS(nothing.step(0, observation), ARQ_E_UNSUPPORTED, "step");
    CHECK_FAILS(nothing.step_box({}, observation), ARQ_E_UNSUPPORTED, "step_box");
    CHECK_FAILS(nothing.save(), ARQ_E_UNSUPPORTED, "save");
    CHECK_FAILS(nothing.load({}), ARQ_E_UNSUPPORTED, "load");
    CHECK_FAILS(nothing.render(1), ARQ_E_UNSUPPORTED, "render");
}

/* The file is built from plugin.cpp; its exceptions arrive as codes and texts. */
void plugin_files()
{
    const char *path = std::getenv("TEST_CPP_PLUGIN");
    CHECK(path != nullptr);
    if (path == nullptr)
        return;
    arq::Context context;
    arq::load_plugin(context, path);
    arq::Env env(context, "cpp/faulty?method=4&after=2"); /* in_step */
    std::vector<float> observation(6);
    env.reset(1, observation);
    env.step(1, observation);
    env.step(1, observation);
    CHECK_FAILS(env.step(1, observation), ARQ_E_CALLBACK, "derailed");
    CHECK_FAILS(arq::Env(context, "cpp/faulty?method=1"), ARQ_E_CALLBACK, "derailed");
    CHECK_FAILS(arq::load_plugin(context, "nowhere.so"), ARQ_E_IO, "nowhere.so");
}

const check::Test tests[] = {
    {"learns", learns},
    {"is_found_by_its_id", is_found_by_its_id},
    {"keeps_its_promises", keeps_its_promises},
    {"exceptions_come_out_of_the_call", exceptions_come_out_of_the_call},
    {"exceptions_pass_wrappers_runs_and_evaluations", exceptions_pass_wrappers_runs_and_evaluations},
    {"exceptions_leave_registered_types_and_batches", exceptions_leave_registered_types_and_batches},
    {"threads_get_their_own_exceptions", threads_get_their_own_exceptions},
    {"exceptions_cross_nested_environments", exceptions_cross_nested_environments},
    {"other_things_thrown", other_things_thrown},
    {"missing_methods", missing_methods},
    {"plugin_files", plugin_files},
};

} // namespace

int main()
{
    return check::run(tests);
}
