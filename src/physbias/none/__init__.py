"""Layers and networks that know nothing of the equation.

They know the grid: its number of axes, and what its edges mean. Every network is
called as ``net(u)`` with ``u`` of shape ``(batch, in_channels, *space)`` and answers
``(batch, out_channels, *space)``.

=====================  ==========================================================
:class:`Conv`          convolution that pads by the grid's boundary, side by side
:class:`UNet`          residual U-Net of such convolutions; any boundary
:class:`FourierLayer`  learnt multiplier of the lowest frequencies; periodic grids
:class:`FNO`           Fourier neural operator of such layers; periodic grids
=====================  ==========================================================

On a periodic grid all four commute with shifts of the field: ``Conv``,
``FourierLayer`` and ``FNO`` with any whole number of points, ``UNet`` with multiples
of ``2**levels`` points.
"""

from physbias.none.conv import Conv
from physbias.none.fno import FNO
from physbias.none.fourier import FourierLayer
from physbias.none.unet import UNet

__all__ = ["FNO", "Conv", "FourierLayer", "UNet"]
