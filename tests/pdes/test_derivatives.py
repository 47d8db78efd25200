import torch

from physbias.grid import Dirichlet, Grid, Periodic
from physbias.numerics import Autodiff, FiniteDifference, Spectral
from physbias.pdes import Derivatives


def test_every_scheme_gives_what_an_equation_may_ask():
    grid = Grid((8, 9), (1.0, 2.0), boundary=Periodic())
    walled = Grid((9, 9), (1.0, 2.0), boundary=Dirichlet())
    points = torch.rand(4, 3, requires_grad=True)
    for d in (
        FiniteDifference(2).bind(grid),
        FiniteDifference(8).bind(walled),
        Spectral().bind(grid),
        Autodiff(points, 2),
    ):
        assert isinstance(d, Derivatives)
        assert d.ndim == 2
        assert isinstance(d.time, torch.Tensor)
