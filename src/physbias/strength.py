"""How strongly a layer is bound to the physics."""

from enum import IntEnum


class Strength(IntEnum):
    """Strength of the physics bias of a layer, a loss or a head.

    The rule that decides: *does it know the equation, and may it disobey?*

    ``NONE`` does not know the equation, ``WEAK`` is told the equation and may
    disobey, ``STRONG`` cannot disobey.

    Example:
        >>> Strength.NONE < Strength.WEAK < Strength.STRONG
        True
    """

    NONE = 0
    WEAK = 1
    STRONG = 2
