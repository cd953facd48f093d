"""``docker-compose.yml``: well-formed, without secrets, and its services do what it says of them.

No container is started: our own services run as local processes, with their commands and their
environments, over a PostgreSQL and a Kafka of the tests.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import jsonschema_rs
import pytest
import yaml

from axis.api.metrics import Metrics
from axis.broker.jars import kafka_version, lacking
from axis.broker.properties import free_port
from axis.lanes import Lag
from axis.settings import KafkaSettings
from schemas.codes import agencies
from tests import postgres
from tests.acceptance.composed import ROOT, Place, compose, owner_only, services, user
from tests.acceptance.conftest import until
from tests.contract.publishers import prefix, publishing, record
from tests.kafka import Kafka, broker

pytestmark = pytest.mark.acceptance

SPECIFICATION = ROOT / "tests" / "data" / "specifications" / "compose-spec.json"
OURS = {name for name, service in services().items() if service["image"] == "document-axis"}
SENT, RECEIVED = 60, 211
#: The day cut short: what it prints and leaves is of the same kind.
SHORT = ("--sent", f"{SENT}", "--received", f"{RECEIVED}", "--seconds", "3")


def test_the_file_is_as_the_specification_says() -> None:
    specification = json.loads(SPECIFICATION.read_text("utf-8"))
    jsonschema_rs.validator_for(specification).validate(compose())


def test_profiles_add_and_change_nothing_else() -> None:
    by_profile: dict[str, set[str]] = {}
    for name, service in services().items():
        for profile in service.get("profiles", ["default"]):
            by_profile.setdefault(profile, set()).add(name)
    assert by_profile == {
        "default": {"secret", "postgres", "kafka", "init", "axis", "relay", "agencies"},
        "ha": {"kafka-2", "kafka-3", "init-ha"},
        "watch": {"prometheus", "grafana"},
    }
    for name in by_profile["default"]:
        for other, how in services()[name].get("depends_on", {}).items():
            assert other in by_profile["default"] or how["required"] is False


def test_images_are_plain_names_of_a_version() -> None:
    for service in services().values():
        name, _, version = service["image"].partition(":")
        assert "." not in name.split("/")[0]
        assert service["image"] == "document-axis" or version not in ("", "latest")
    assert services()["kafka"]["image"] == f"apache/kafka:{kafka_version()}"


def test_no_secret_stands_in_the_file() -> None:
    for name, service in services().items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN", variable):
                assert value.startswith("/secrets/"), (name, variable)
            assert not urlsplit(value).password
    for name, published in ((n, s["ports"]) for n, s in services().items() if "ports" in s):
        assert all(port.startswith("127.0.0.1:") for port in published), name


def test_nothing_of_ours_runs_as_root_and_all_that_stays_has_a_check() -> None:
    assert user() not in ("root", "0")
    once = {"secret", "init", "init-ha"}
    for name, service in services().items():
        assert "user" not in service
        assert ("test" in service["healthcheck"]) is (name not in once), name


def test_three_brokers_keep_three_copies() -> None:
    brokers = {name: s["environment"] for name, s in services().items() if "kafka" in s["image"]}
    assert len(brokers) == 3
    assert len({one["KAFKA_NODE_ID"] for one in brokers.values()}) == 3
    assert {one["CLUSTER_ID"] for one in brokers.values()} == {"YXhpcy1vZi1kb2N1bWVudA"}
    assert {one["KAFKA_MIN_INSYNC_REPLICAS"] for one in brokers.values()} == {"2"}
    assert services()["init-ha"]["environment"]["AXIS_KAFKA_REPLICATION"] == "3"


def test_whoever_starts_may_be_told_of_all_brokers() -> None:
    told = {
        environment["AXIS_KAFKA_BOOTSTRAP"]
        for service in services().values()
        if "AXIS_KAFKA_BOOTSTRAP" in (environment := service.get("environment", {}))
    }
    assert told == {"${AXIS_BROKERS:-kafka:9092}"}
    # A topic that is made later is made by whoever relays.
    for service in ("init", "axis", "relay"):
        assert services()[service]["environment"]["AXIS_KAFKA_REPLICATION"] == "${AXIS_COPIES:-1}"
    listening = {
        broker["KAFKA_ADVERTISED_LISTENERS"].removeprefix("PLAINTEXT://")
        for broker in (s["environment"] for s in services().values() if "kafka" in s["image"])
    }
    offered = re.search(
        r"AXIS_BROKERS=([\w.:,-]+)", (ROOT / "docker-compose.yml").read_text("utf-8")
    )
    assert offered is not None
    assert set(offered[1].rstrip(",").split(",")) == listening


def test_all_that_stays_comes_back_with_the_machine() -> None:
    once = {"secret", "init", "init-ha"}
    for name, service in services().items():
        assert service.get("restart") == (None if name in once else "unless-stopped"), name


async def test_a_broker_asks_no_second_copy_of_a_topic_with_one(tmp_path: Path) -> None:
    """Or else one broker, as it stands in the file, would take nothing."""
    if why := lacking():
        pytest.skip(why)
    with broker(tmp_path / "kafka", min__insync__replicas="2") as own:
        async with publishing(KafkaSettings(bootstrap=own.bootstrap), prefix()) as publisher:
            await publisher.publish([record()])


def test_what_is_mounted_is_there_and_volumes_are_named() -> None:
    for service in services().values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).exists(), source
            else:
                assert source in compose()["volumes"]


def test_the_dashboard_shows_what_the_metrics_have() -> None:
    metrics = Metrics()
    metrics.accepted(repeated=False)
    metrics.refused("any")
    metrics.served("POST", "/v1/documents", 0.001)
    lines = metrics.scrape({}, 0, 0, [Lag("000.00.00.H37", 1)]).decode().splitlines()
    known = {re.split(r"[{ ]", line)[0] for line in lines if not line.startswith("#")}
    board = json.loads((ROOT / "deploy/grafana/dashboards/axis.json").read_text("utf-8"))
    told = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    used = {name for expression in told for name in re.findall(r"axis_\w+", expression)}
    assert used <= known
    titles = {panel["title"] for panel in board["panels"]}
    assert titles >= {"Sent", "Received", "Waiting", "Latency of POST /v1/documents", "Errors"}
    scraped = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text("utf-8"))
    axis, relay = scraped["scrape_configs"]
    assert axis["static_configs"] == [{"targets": ["axis:8095"]}]
    (found,) = relay["dns_sd_configs"]
    assert (found["names"], str(found["port"])) == (["relay"], services()["relay"]["command"][-1])
    sources = yaml.safe_load((ROOT / "deploy/grafana/datasources.yml").read_text("utf-8"))
    assert {panel["datasource"]["uid"] for panel in board["panels"]} == {
        source["uid"] for source in sources["datasources"]
    }


@pytest.fixture
def place(tmp_path: Path, postgres_url: str, kafka: Kafka) -> Iterator[Place]:
    database, port = f"compose_{os.getpid()}", free_port()
    if kafka.create_topic is not None:
        for row in agencies():
            kafka.create_topic(f"demo.axis.inbox.{row.code}", 6)
    postgres.apart(postgres.execute(postgres_url, f"create database {database}"))
    names = {
        "postgresql://axis@postgres:5432/axis": urlunsplit(
            urlsplit(postgres_url)._replace(path=f"/{database}")
        ),
        "kafka:9092": kafka.bootstrap,
        "/var/lib/axis": str(tmp_path / "var"),
        "/secrets": str(tmp_path / "secrets"),
        "http://axis:8095": f"http://127.0.0.1:{port}",
        "0.0.0.0": "127.0.0.1",
        "8095": str(port),
        "9464": str(free_port()),
    }
    for folder in ("var", "secrets"):
        (tmp_path / folder).mkdir()
    yield Place(tmp_path, names)
    postgres.apart(postgres.execute(postgres_url, f"drop database {database} with (force)"))


@pytest.mark.long
def test_our_services_come_up_play_the_day_and_stop(place: Place) -> None:
    for _ in range(2):
        assert place.run("secret").returncode == 0
    password, pgpass = place.folder / "secrets/password", place.folder / "secrets/pgpass"
    assert re.fullmatch(r"[0-9a-f]{64}\n", password.read_text("ascii"))
    assert pgpass.read_text("ascii") == f"*:*:*:axis:{password.read_text('ascii')}"
    assert owner_only(pgpass)
    assert owner_only(password)

    for _ in range(2):
        done = place.run("init")
        assert done.returncode == 0, done.stderr
        # With a Kafka that makes topics it has made them.
        assert "not there yet" not in done.stderr

    with place.running("axis") as axis, place.running("relay") as relay:
        until(lambda: '"workers": 2' in axis.said, "the other worker")
        with place.running("agencies", *SHORT) as playing:
            until(lambda: playing.lives() and "agencies answer" in playing.said, "the day's end")
            assert playing.said.count("line balances") == 2
            assert "NOT EXACT" not in playing.said
            log = place.folder / "var/demo/run/agencies-1.log"
            assert '"topics.read"' in log.read_text("utf-8")
        assert '"held": 95' in relay.said
        # A container that is started again plays no second day.
        with place.running("agencies", *SHORT) as again:
            until(lambda: again.lives() and "agencies answer" in again.said, "agencies")
            assert "line balances" not in again.said
        other = place.run("agencies", [*place.command("agencies"), "--seed", "2", *SHORT])
        assert other.returncode == 2
        # The sentence stands in a box as wide as the screen, whatever the path in it.
        assert "plays another plan" in " ".join(other.stderr.replace("│", " ").split())
    done = place.run("axis", ["axis", "audit", "--run", "demo", "--json"])
    assert done.returncode == 0, done.stderr
    proof = json.loads(done.stdout)
    assert proof["clean"]
    assert (proof["documents"], proof["deliveries"]) == (SENT, RECEIVED)
    # The axis relays nothing; what it accepted was published all the same.
    told = re.search(r'"published": (\d+)', relay.said)
    assert told is not None
    assert int(told[1]) >= RECEIVED
    assert "relay.stopped" not in axis.said


def test_every_service_of_ours_was_thought_of() -> None:
    assert {"secret", "init", "init-ha", "axis", "relay", "agencies"} == OURS
    # The second differs in the copies of topics alone.
    ha, one = services()["init-ha"], services()["init"]
    assert ha["command"] == one["command"]
    assert ha["environment"].items() - one["environment"].items() == {
        ("AXIS_KAFKA_REPLICATION", "3")
    }
