"""What stands in the way first, told from what was measured at the capacity. Pure."""

from __future__ import annotations

from agencies.load.usage import AXIS, DRIVER, HELPERS, Usage

#: So much of what there is counts as all of it: counters are read a moment apart.
FULL = 0.85
#: Others that used so much of a core while the capacity was found have made it smaller.
QUIET_CORES = 0.2


def first_limit(usage: Usage, *, driver_ok: bool, axis_cores: int | None = None) -> str:
    """The first limit in words, with the figures that say so; ``axis_cores`` is how many cores the
    axis may use where it is not all.
    """
    cpu, cores = usage.cpu, usage.cores
    if not driver_ok:
        beside = f", others {others(usage):.2f}" if AXIS in cpu else ""
        return (
            "the driver, not the axis: it came late to its own moments or had no core left "
            f"(driver {cpu.get(DRIVER, 0):.2f}{beside} of {cores} cores)"
        )
    if AXIS not in cpu:
        return "not seen from here: the axis was started by somebody else"
    if axis_cores is not None and cpu[AXIS] + cpu.get(HELPERS, 0.0) >= FULL * axis_cores:
        return (
            f"CPU: the axis may use {axis_cores} of {cores} cores, and does (axis {cpu[AXIS]:.2f}, "
            f"signature checks {cpu.get(HELPERS, 0):.2f})"
        )
    # Workers over a database of their own do everything side by side.
    alone = HELPERS in cpu
    if alone and cpu[AXIS] >= FULL:
        return f"the axis's one process that accepts and writes: {cpu[AXIS]:.2f} of one core"
    if alone and cpu[HELPERS] >= FULL * max(1, cores - 1):
        return f"signature checks: {cpu[HELPERS]:.2f} cores"
    if usage.disk_busy is not None and usage.disk_busy >= FULL:
        return f"the disk: busy {usage.disk_busy:.0%} of the time"
    if usage.machine is not None and usage.machine >= FULL * cores:
        parts = [*(name for name in cpu if name != DRIVER), DRIVER]
        each = ", ".join(f"{name} {cpu[name]:.2f}" for name in parts)
        return f"CPU: all {cores} cores are busy ({each}, others {others(usage):.2f})"
    return "neither CPU nor disk is full: waiting, for fsync or for each other"


def others(usage: Usage) -> float:
    """Cores that neither the axis nor the driver used; 0 where that is not known, as beside an axis
    that somebody else started: its own cannot be told from theirs.
    """
    if usage.machine is None or AXIS not in usage.cpu:
        return 0.0
    return max(0.0, usage.machine - sum(usage.cpu.values()))
