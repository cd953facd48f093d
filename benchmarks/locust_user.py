"""What Locust runs, in a process of its own: it patches the whole standard library when imported.

SELFCHECK_BODY names the file that each user posts, SELFCHECK_FIGURES the one for Locust's figures.
"""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path
from typing import Any

from locust import FastHttpUser, constant_throughput, events, task

from benchmarks.selfcheck import USER_PER_SECOND

BODY = Path(os.environ["SELFCHECK_BODY"]).read_bytes()


class User(FastHttpUser):
    """Posts the package, at its share of the rate."""

    wait_time = constant_throughput(USER_PER_SECOND)

    def on_start(self) -> None:
        """Users begin at moments of their own: all at once they would ask in bursts for ever."""
        # Locust has patched it: the others go on meanwhile.
        time.sleep(random.uniform(0, 1 / USER_PER_SECOND))

    @task
    def post(self) -> None:
        """One request."""
        # It says text or a form, and sends bytes as they are.
        self.client.post("/v1/documents", data=BODY)  # type: ignore[arg-type]


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def tell(environment: Any, **_: Any) -> None:
    """Leave the figures as Locust reports them."""
    total = environment.stats.total
    figures = {
        "per_second": total.total_rps,
        "median_s": total.median_response_time / 1000,
        "failed": total.num_failures,
    }
    Path(os.environ["SELFCHECK_FIGURES"]).write_text(json.dumps(figures), encoding="ascii")
