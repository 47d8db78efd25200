import copy
import pickle

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from physbias.errors import ArgumentError, NonFiniteError, ShapeError
from physbias.flow import (
    EULER,
    RK4,
    FlowMatching,
    Prediction,
    RolloutError,
    TimeConditioned,
    ensemble_noise,
    time_channels,
)
from physbias.strength import Strength

SHAPE = (3, 2, 8, 12)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def draw(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape or SHAPE, dtype=dtype, generator=generator(seed))


class Network(nn.Module):
    """A small nonlinear network that mixes neighbours, on a periodic grid."""

    def __init__(self, extra=0, channels=2, seed=0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            inputs = 2 * channels + extra + time_channels()
            net = nn.Sequential(
                nn.Conv2d(inputs, 8, 3, padding=1, padding_mode="circular"),
                nn.Tanh(),
                nn.Conv2d(8, channels, 1),
            )
        self.net = TimeConditioned(net)
        self.inputs = []

    def forward(self, x, t):
        self.inputs.append((x, t))
        return self.net(x, t)


class Exact(nn.Module):
    """The exact velocity for increments N(drift, spread), in units of s0 = 1."""

    def __init__(self, drift, spread):
        super().__init__()
        self.drift, self.spread = drift, spread

    def forward(self, x, t):
        z, t = x[:, :1], t.reshape(-1, *[1] * (x.ndim - 1))
        variance = (1 - t) ** 2 + t**2 * self.spread**2
        rate = (-(1 - t) + t * self.spread**2) / variance
        return self.drift + rate * (z - t * self.drift)


class Broken(nn.Module):
    """Blow up for states above a limit."""

    def __init__(self, limit):
        super().__init__()
        self.limit = limit

    def forward(self, x, t):
        reference = x[:, 1:2]
        return torch.where(reference > self.limit, torch.inf, 1.0)


def make(extra=0, dtype=torch.float64, **options):
    options = {"noise_scale": [0.5, 0.5], **options}
    net = Network(extra=extra)
    head = FlowMatching(net, channels=2, context_channels=extra, **options)
    return head.to(dtype)


# --- ensembles -----------------------------------------------------------------


@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0])
def test_default_ensemble_has_the_true_spread(spread):
    """The increment is N(0.4, 0.3 spread); s0 is 0.3."""
    head = FlowMatching(Exact(0.4 / 0.3, spread), channels=1, noise_scale=0.3).double()
    fields = head.sample(torch.full((2, 1, 2000), 7.0).double(), members=10).fields
    noise = ensemble_noise((2, 1, 2000), 10)
    assert fields.std().item() / noise.std().item() == pytest.approx(
        0.3 * spread, rel=0.02
    )
    assert fields.mean().item() == pytest.approx(7.4, abs=0.01)


def test_euler_would_be_too_narrow():
    head = FlowMatching(Exact(0.0, 1.0), channels=1, noise_scale=1.0).double()
    reference = torch.zeros(1, 1, 20000).double()
    fields = head.sample(reference, steps=10, sampler=EULER).fields
    assert fields.std().item() == pytest.approx(0.88, abs=0.02)


def test_shapes_and_number_of_calls():
    head = make()
    samples = head.sample(draw(), members=4, steps=3)
    assert samples.fields.shape == (4, *SHAPE)
    assert samples.evaluations == len(head.velocity.net.inputs) == 6
    assert head.velocity.net.inputs[0][0].shape[0] == 12
    assert not samples.fields.requires_grad


def test_same_seed_same_bits_and_global_generator_untouched():
    head, state = make(), torch.get_rng_state()
    a, b = (head.sample(draw(), members=2, seed=5).fields for _ in range(2))
    assert torch.equal(a, b)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.isclose(a, head.sample(draw(), members=2).fields).any()


def test_more_members_and_another_order_change_no_member():
    head, ids, order = make(), [4, 5, 6], [2, 0, 1]
    a = head.sample(draw(), members=2, item_ids=ids).fields
    b = head.sample(draw(), members=5, item_ids=ids).fields
    c = head.sample(draw()[order], members=2, item_ids=[ids[i] for i in order]).fields
    torch.testing.assert_close(a, b[:2], atol=1e-12, rtol=0)
    torch.testing.assert_close(a[:, order], c, atol=1e-12, rtol=0)
    tail = head.sample(draw(), members=3, first_member=2, item_ids=ids).fields
    torch.testing.assert_close(b[2:], tail, atol=1e-12, rtol=0)


def test_items_and_members_differ():
    fields = make().sample(draw()[:1].expand(SHAPE), members=2).fields.flatten(0, 1)
    assert torch.pdist(fields.flatten(1)).min() > 0.1


def test_float32_and_float64_see_the_same_members():
    a = make().sample(draw(), members=2).fields
    b = make(dtype=torch.float32).sample(draw().float(), members=2).fields
    torch.testing.assert_close(a.float(), b, atol=1e-5, rtol=1e-5)


def test_dropout_and_running_statistics_are_off_while_sampling():
    net = Network()
    net.net.net.insert(1, nn.BatchNorm2d(8))
    net.net.net.append(nn.Dropout(0.5))
    head = FlowMatching(net, channels=2, noise_scale=0.5).double().train()
    before = copy.deepcopy(head.state_dict())
    a, b = (head.sample(draw()).fields for _ in range(2))
    assert torch.equal(a, b)
    assert net.net.net[1].training
    after = head.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)


def test_context_belongs_to_its_own_item():
    head, order = make(extra=1), [1, 2, 0]
    context = draw(3, 1, 8, 12, seed=1)
    a = head.sample(draw(), context, members=2, item_ids=[0, 1, 2]).fields
    b = head.sample(draw()[order], context[order], members=2, item_ids=order).fields
    torch.testing.assert_close(a[:, order], b, atol=1e-12, rtol=0)
    c = head.sample(draw(), context.roll(1, 0), members=2).fields
    assert not torch.allclose(a, c)


# --- roll-outs -----------------------------------------------------------------


def test_rollout_is_repeated_sampling_with_the_documented_seeds():
    head, reference, ids = make(), draw(), ["a", "b", "c"]
    trajectory = head.rollout(reference, 3, members=2, seed=3, item_ids=ids)
    assert trajectory.shape == (2, 3, 3, *SHAPE[1:])
    for member in range(2):
        state = reference
        for lead_step in range(3):
            state = head.sample(
                state,
                seed=3,
                item_ids=ids,
                lead_step=lead_step,
                first_member=member,
            ).fields[0]
            torch.testing.assert_close(
                trajectory[member, :, lead_step], state, atol=1e-12, rtol=0
            )


def test_first_step_of_a_rollout_is_a_sample():
    head = make()
    a = head.rollout(draw(), 1, members=3)[:, :, 0]
    assert torch.equal(a, head.sample(draw(), members=3).fields)


def test_static_context_holds_for_all_steps():
    head, context = make(extra=1), draw(3, 1, 8, 12, seed=1)
    head.rollout(draw(), 2, static_context=context, members=2)
    assert all(
        torch.equal(x[:, 4:], context.repeat(2, 1, 1, 1))
        for x, _ in head.velocity.net.inputs
    )


def test_the_head_is_a_forecaster_of_histories():
    head, history = make(), draw(3, 4, *SHAPE[1:])
    forecast = head(history, 2, members=3, seed=1)
    assert torch.equal(forecast, head.rollout(history[:, -1], 2, members=3, seed=1))
    assert head(history, 2).shape == (1, 3, 2, *SHAPE[1:])


def test_a_forecast_that_blows_up_says_where():
    head = FlowMatching(Broken(2.5), channels=1, noise_scale=1e-3)
    start = torch.full((2, 1, 4), 3.0)
    with pytest.raises(RolloutError, match="member 1 at lead step 0") as caught:
        head.rollout(start, 3, first_member=1)
    assert caught.value.partial is None
    with pytest.raises(RolloutError, match="member 0 at lead step 4"):
        head.sample(start, lead_step=4)


# --- constraints ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)]
)
def test_every_state_on_the_way_is_free_of_divergence(
    leray, relative_divergence, dtype, tolerance
):
    """Also in physical units far from 1, and from a reference that is not."""
    states = []

    head = make(
        dtype=dtype,
        noise_scale=300.0,
        reference_scale=2000.0,
        groups=((0, 1),),
        projector=leray,
    )
    head.velocity.register_forward_pre_hook(lambda _, args: states.append(args[0]))
    reference = 2000 * draw(dtype=dtype)
    result = head.sample(reference, members=2).fields.flatten(0, 1)
    noise = head.velocity.noise(draw(dtype=dtype, seed=3))
    assert len(states) == 10
    for u in (noise, *states, result):
        assert relative_divergence(u) < tolerance
    trajectory = head.rollout(reference, 4, members=2)
    assert relative_divergence(trajectory[:, :, -1].flatten(0, 1)) < tolerance
    assert result.std() > 100


def test_loss_with_a_projector_stays_in_the_subspace(leray, relative_divergence):
    head = make(projector=leray)
    reference, x1 = leray(draw()), leray(draw(seed=1))
    loss = head.loss(x1, reference, generator=generator())
    assert relative_divergence(loss.clean) < 1e-12
    assert loss.infeasible < 1e-24
    spoilt = head.loss(draw(seed=1), reference, generator=generator())
    assert spoilt.infeasible > 0.1
    torch.testing.assert_close(spoilt.flow, loss.flow)


def test_projector_must_fit_the_scales(leray):
    head = make(noise_scale=[0.5, 0.6], projector=leray)
    with pytest.raises(ArgumentError, match="projector: found a relative defect"):
        head.sample(draw())
    with pytest.raises(ArgumentError, match="projector: found a relative defect"):
        head.loss(draw(), draw(seed=1))


def test_a_fit_after_a_refusal_mends_the_scales(leray):
    net = Network()
    head = FlowMatching(net, channels=2, groups=((0, 1),), projector=leray).double()
    head.fit(leray(draw(seed=1)), leray(draw()))
    assert head.noise_scale[0] == head.noise_scale[1]
    head.sample(draw())


def test_strength(leray):
    assert make().strength is Strength.NONE
    assert make(projector=leray).strength is Strength.STRONG


# --- loss ----------------------------------------------------------------------


def test_loss_is_the_error_of_the_velocity_in_units_of_the_noise():
    """A network that predicts nothing: mean of (increment / s0 - e) squared."""

    class Zero(nn.Module):
        def forward(self, x, t):
            return torch.zeros_like(x[:, :2])

    head = FlowMatching(Zero(), channels=2, noise_scale=[0.1, 50.0])
    unit = torch.tensor([0.1, 50.0]).reshape(1, 2, 1)
    reference = 1000 * draw(64, 2, 200, dtype=torch.float32)
    x1 = reference + 3 * unit
    loss = head.loss(x1, reference, generator=generator())
    assert loss.total.item() == pytest.approx(10, rel=0.02)
    assert loss.infeasible == 0
    assert loss.t.shape == (64,)


def test_loss_repeats_with_its_generator_and_leaves_the_global_one():
    head, state = make(), torch.get_rng_state()
    a, b = (head.loss(draw(), draw(seed=1), generator=generator(2)) for _ in range(2))
    assert torch.equal(a.total, b.total)
    assert torch.equal(torch.get_rng_state(), state)
    head.loss(draw(), draw(seed=1))
    assert not torch.equal(torch.get_rng_state(), state)


def test_every_item_of_a_training_batch_has_its_own_noise_and_time():
    head = make()
    reference = torch.zeros(SHAPE).double()
    head.loss(reference, reference, generator=generator())
    x, t = head.velocity.net.inputs[0]
    noise = x[:, :2] / (1 - t.reshape(-1, 1, 1, 1))
    assert t.unique().numel() == 3
    assert torch.pdist(noise.flatten(1)).min() > 5
    assert noise.std().item() == pytest.approx(1, abs=0.1)


def test_arithmetic_stays_in_float32_under_autocast():
    head = make(dtype=torch.float32, reference_mean=1000.0)
    reference = 1000 + draw(dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = head.loss(reference + 0.5, reference, generator=generator())
        fields = head.sample(reference).fields
    exact = head.loss(reference + 0.5, reference, generator=generator())
    assert loss.total.dtype == fields.dtype == loss.t.dtype == torch.float32
    torch.testing.assert_close(loss.total, exact.total, rtol=0.02, atol=0)
    assert (fields - reference).abs().max() < 5


def test_half_precision_states_are_widened():
    head = make(dtype=torch.float32)
    assert head.sample(draw().bfloat16()).fields.dtype == torch.float32
    loss = head.loss(draw().bfloat16(), draw(seed=1).bfloat16())
    assert loss.clean.dtype == torch.float32


def test_clean_estimate_carries_the_gradient():
    head = make()
    loss = head.loss(draw(), draw(seed=1))
    loss.clean.square().mean().backward()
    assert all(p.grad is not None for p in head.parameters())


# --- module --------------------------------------------------------------------


def test_inputs_are_not_changed_and_may_require_gradients():
    head = make()
    x1, reference = draw().requires_grad_(), draw(seed=1).requires_grad_()
    copies = x1.detach().clone(), reference.detach().clone()
    head.loss(x1, reference).total.backward()
    head.sample(reference, members=2)
    head.rollout(reference, 2)
    head.fit(x1, reference)
    assert torch.equal(x1, copies[0])
    assert torch.equal(reference, copies[1])
    assert reference.grad is not None


def test_parameters_are_all_there_from_the_start(leray):
    head = make(projector=leray)
    names = set(head.state_dict())
    head.loss(leray(draw()), leray(draw(seed=1))).total.backward()
    head.sample(draw())
    assert set(head.state_dict()) == names


def test_state_dict_copy_and_pickle_give_the_same_forecast():
    head = make(noise_scale=None).fit(draw(seed=1), draw())
    twin = make(noise_scale=None)
    with torch.no_grad():
        for p in twin.parameters():
            p.zero_()
    twin.load_state_dict(head.state_dict())
    expected = head.sample(draw()).fields
    for other in (twin, copy.deepcopy(head), pickle.loads(pickle.dumps(head))):
        assert torch.equal(other.sample(draw()).fields, expected)


def test_averaged_weights_take_the_scales_along():
    head = make(noise_scale=None)
    average = AveragedModel(
        head, multi_avg_fn=get_ema_multi_avg_fn(0.5), use_buffers=True
    )
    head.fit(draw(seed=1), draw())
    average.update_parameters(head)
    start = copy.deepcopy(head.state_dict())
    with torch.no_grad():
        for p in head.parameters():
            p.add_(1)
    average.update_parameters(head)
    assert torch.equal(average.module.noise_scale, head.noise_scale)
    for name, p in average.module.named_parameters():
        torch.testing.assert_close(p, start[name] + 0.5)
    average.module.sample(draw())


# --- training ------------------------------------------------------------------


def test_training_recovers_mean_and_spread_of_an_increment():
    """In physical units far from 1: reference near 1000, increment N(6, 2)."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv1d(2 + time_channels(), 32, 1), nn.SiLU(), nn.Conv1d(32, 1, 1)
    )
    head = FlowMatching(TimeConditioned(net), channels=1)

    def pairs(n):
        reference = 1000 + 100 * torch.randn(n, 1, 64)
        return reference + 6 + 2 * torch.randn(n, 1, 64), reference

    head.fit(*pairs(256))
    optimiser = torch.optim.Adam(head.parameters(), lr=5e-3)
    for _ in range(300):
        optimiser.zero_grad()
        head.loss(*pairs(32)).total.backward()
        optimiser.step()
    reference = pairs(16)[1]
    increment = head.sample(reference, members=16).fields - reference
    assert increment.mean().item() == pytest.approx(6, abs=0.3)
    assert increment.std().item() == pytest.approx(2, rel=0.1)


# --- errors --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda u: u[..., :5], ShapeError, r"x1: found shape \(3, 2, 8, 5\), expected"),
        (lambda u: u.float(), ArgumentError, r"x1: found dtype torch.float32, exp"),
        (lambda u: u.to("meta"), ArgumentError, "x1: found device meta, expected cpu"),
        (lambda u: u / 0 * 0, NonFiniteError, "x1: found 576 NaN or infinite"),
    ],
)
def test_unfit_targets(change, error, message):
    with pytest.raises(error, match=message):
        make().loss(change(draw()), draw())


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda u: u.long(), ArgumentError, "reference: found dtype torch.int64"),
        (lambda u: u.bool(), ArgumentError, "reference: found dtype torch.bool"),
        (lambda u: u + 0j, ArgumentError, "reference: found dtype torch.complex128"),
        (lambda u: u[:, :1], ShapeError, r"reference: found shape \(3, 1, 8, 12\)"),
        (lambda u: u[:0], ShapeError, r"reference: found shape \(0, .*non-empty"),
        (lambda u: u[..., :0], ShapeError, r"reference: found .*non-empty"),
        (lambda u: u / 0 * 0, NonFiniteError, "reference: found 576 NaN or infinite"),
    ],
)
def test_unfit_references(change, error, message):
    head, reference = make(), change(draw())
    with pytest.raises(error, match=message):
        head.loss(reference, reference)
    with pytest.raises(error, match=message):
        head.sample(reference)
    with pytest.raises(error, match=message):
        head.rollout(reference, 2)


def test_the_check_for_finite_values_can_be_left_out():
    fields = make().sample(draw() * torch.nan, check=False).fields
    assert fields.isnan().all()


def test_unset_noise_scale():
    head = make(noise_scale=None)
    for call in (
        lambda: head.sample(draw()),
        lambda: head.loss(draw(), draw()),
        lambda: head.rollout(draw(), 2),
    ):
        with pytest.raises(RuntimeError, match=r"call head\.fit\(x1, reference\)"):
            call()


def test_constant_channel():
    with pytest.raises(ValueError, match="no variation in channel 0"):
        make(noise_scale=None).fit(draw(), draw())


def test_counts():
    head = make()
    for members in (0, -1, 1.5, True):
        with pytest.raises(ArgumentError, match=f"members: found {members}, exp"):
            head.sample(draw(), members=members)
    with pytest.raises(ArgumentError, match="steps: found 0, expected a whole"):
        head.sample(draw(), steps=0)
    with pytest.raises(ArgumentError, match="lead_steps: found 0, expected a whole"):
        head.rollout(draw(), 0)
    with pytest.raises(ArgumentError, match="item_ids: found 1 names, expected 3"):
        head.sample(draw(), item_ids=[0])
    with pytest.raises(ArgumentError, match="channels: found 0"):
        FlowMatching(Network(), channels=0)


def test_context_must_match():
    context = draw(3, 1, 8, 12)
    with pytest.raises(ShapeError, match=r"context: found shape .* expected nothing"):
        make().sample(draw(), context)
    with pytest.raises(ShapeError, match="context: found nothing, expected"):
        make(extra=1).loss(draw(), draw())
    with pytest.raises(ShapeError, match=r"context: found shape \(1, 1, 8, 12\)"):
        make(extra=1).sample(draw(), context[:1])
    with pytest.raises(NonFiniteError, match="context: found 288 NaN"):
        make(extra=1).sample(draw(), context * torch.nan)


def test_network_without_time():
    with pytest.raises(ArgumentError, match=r"wrap it in TimeConditioned\(net\)"):
        FlowMatching(nn.Conv2d(4, 2, 1), channels=2)


def test_network_with_another_output():
    class Wrong(nn.Module):
        def forward(self, x, t):
            return x

    head = FlowMatching(Wrong(), channels=2, noise_scale=1.0)
    with pytest.raises(ShapeError, match=r"net: found an output of shape \(3, 4, 8"):
        head.loss(draw(), draw())


class Increment(nn.Module):
    """The exact increment in units of the noise scale, whatever the noise."""

    def __init__(self, increment):
        super().__init__()
        self.increment = increment

    def forward(self, x, t):
        return self.increment.expand(len(x), *self.increment.shape[1:])


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_perfect_clean_prediction_leaves_no_noise(steps):
    """dx/dt = (x1 - x)/(1 - t): the midpoint rule ends on x1 exactly."""
    generator = torch.Generator().manual_seed(0)
    step = torch.randn(1, 2, 4, 6, generator=generator, dtype=torch.float64)
    reference = torch.randn(3, 2, 4, 6, generator=generator, dtype=torch.float64)
    head = FlowMatching(
        Increment(step), channels=2, noise_scale=0.5, prediction=Prediction.CLEAN
    )
    fields = head.sample(reference, members=2, steps=steps).fields
    expected = (reference + 0.5 * step).expand_as(fields)
    torch.testing.assert_close(fields, expected, rtol=0, atol=1e-13)
    loss = head.loss(reference + 0.5 * step, reference)
    assert loss.total < 1e-28
    torch.testing.assert_close(loss.clean, reference + 0.5 * step)


def test_a_weight_multiplies_the_squared_error_of_its_channel():
    """A network that is wrong by one unit everywhere scores the mean weight."""
    reference = torch.zeros(4, 2, 4, 6, dtype=torch.float64)
    wrong = torch.ones(1, 2, 4, 6, dtype=torch.float64)
    head = FlowMatching(
        Increment(wrong), channels=2, noise_scale=0.5, prediction=Prediction.CLEAN
    )
    weight = torch.tensor([3.0, 0.0]).reshape(1, 2, 1, 1)
    found = head.loss(reference, reference, weight=weight).total
    torch.testing.assert_close(found.item(), 1.5)


def test_a_clean_prediction_refuses_rules_that_reach_the_end():
    head = FlowMatching(
        Increment(torch.ones(1, 2, 4, 6)),
        channels=2,
        noise_scale=0.5,
        prediction=Prediction.CLEAN,
    )
    with pytest.raises(ArgumentError, match=r"velocity at t = 1, expected a rule"):
        head.sample(torch.zeros(1, 2, 4, 6), sampler=RK4)
