"""Log-normal draws in whole numbers, the same on every machine.

A table of quantiles is made once with the standard library's decimal numbers, whose exponential is
rounded correctly everywhere; draws interpolate in it with integers. Beyond the table, above one in
8,192 on either side, a draw is cut: no delay is endless and no file infinite.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cached_property
from statistics import NormalDist

_BITS = 12
_CELLS = 1 << _BITS
_REST_BITS = 64 - _BITS
_CONTEXT = Context(prec=40, rounding=ROUND_HALF_EVEN)
#: Digits of the normal quantile that are kept: machines may differ in the sixteenth.
_QUANTILE_DIGITS = Decimal("1e-9")


@dataclass(frozen=True)
class LogNormal:
    """Whole numbers whose median is ``median`` and whose logarithms spread by ``sigma / 1000``."""

    median: int
    sigma_per_mille: int

    def at(self, word: int) -> int:
        """The number at the place ``word / 2**64`` of the distribution; ``word`` is 64 bits."""
        cell, rest = word >> _REST_BITS, word & ((1 << _REST_BITS) - 1)
        low, high = self._table[cell], self._table[cell + 1]
        return low + ((high - low) * rest >> _REST_BITS)

    @cached_property
    def _table(self) -> tuple[int, ...]:
        sigma = Decimal(self.sigma_per_mille) / 1000
        return tuple(
            int(
                _CONTEXT.multiply(
                    Decimal(self.median), _CONTEXT.exp(_CONTEXT.multiply(sigma, quantile))
                ).to_integral_value(ROUND_HALF_EVEN)
            )
            for quantile in _quantiles()
        )


def _quantiles() -> tuple[Decimal, ...]:
    """Standard normal quantiles at 1/8192, 1/4096, 2/4096 ... 4095/4096, 8191/8192."""
    shares = (0.5, *range(1, _CELLS), _CELLS - 0.5)
    normal = NormalDist()
    return tuple(
        Decimal(normal.inv_cdf(share / _CELLS)).quantize(_QUANTILE_DIGITS) for share in shares
    )
