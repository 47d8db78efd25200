import pytest

from physbias.study.lifecycle import LifeCycle, break_even, pareto_front


def test_total_is_data_and_training_and_every_forecast():
    assert LifeCycle("net", data=5, training=7, inference=2).total(10) == 32


@pytest.mark.parametrize("forecasts", [0, 1, 1e9])
def test_a_candidate_that_learns_nothing_costs_its_forecasts_only(forecasts):
    assert LifeCycle("solver", 0, 0, 3).total(forecasts) == 3 * forecasts


def test_break_even_by_hand():
    """20 + 60 + 2 N = 10 N at N = 10."""
    net, solver = LifeCycle("net", 20, 60, 2), LifeCycle("solver", 0, 0, 10)
    assert break_even(net, solver) == 10
    assert break_even(solver, net) == 10
    assert net.total(10) == solver.total(10) == 100


def test_break_even_of_two_networks_does_not_depend_on_the_data_they_share():
    """E_train differs by 30, E_inference by 3."""
    for data in (0, 1000):
        one, other = LifeCycle("a", data, 50, 1), LifeCycle("b", data, 20, 4)
        assert break_even(one, other) == 10


@pytest.mark.parametrize(
    "other",
    [
        LifeCycle("dearer in both", 0, 20, 2),
        LifeCycle("parallel", 0, 20, 1),
        LifeCycle("same start", 0, 10, 2),
        LifeCycle("same", 0, 10, 1),
        LifeCycle("cheaper in both", 0, 5, 0.5),
    ],
)
def test_no_break_even_where_one_is_always_cheaper(other):
    assert break_even(LifeCycle("one", 0, 10, 1), other) is None
    assert break_even(other, LifeCycle("one", 0, 10, 1)) is None


def test_pareto_front_by_hand():
    points = [(1, 5), (2, 3), (3, 4), (4, 1)]
    assert pareto_front(points) == [0, 1, 3]
    assert pareto_front(points[::-1]) == [3, 2, 0]


def test_pareto_front_keeps_the_better_of_equal_costs_and_one_of_twins():
    assert pareto_front([(1, 5), (1, 4), (1, 4), (2, 4)]) == [1]


def test_pareto_front_of_nothing_is_empty():
    assert pareto_front([]) == []
