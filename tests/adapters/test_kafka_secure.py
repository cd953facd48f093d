"""TLS and SASL between the axis and its brokers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from agencies.lanes import Lanes
from agencies.ways import Told
from axis.broker.jars import lacking
from axis.broker.properties import free_port
from axis.cli.agencies_run import Over, brokers
from axis.core.record import STATUSES
from axis.ports import BusAway
from axis.settings import KafkaSettings, Settings
from tests.agencies.topics_read import reading_topics
from tests.contract.books import A
from tests.contract.buses import SOON_S
from tests.contract.publishers import publishing, record
from tests.kafka import Broker, required

_PASSWORD = "một mật khẩu"


class Authority:
    """Certificates for one test, in files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        self.file = folder / "ca.pem"
        may = "digital_signature content_commitment key_encipherment data_encipherment "
        may += "key_agreement key_cert_sign crl_sign encipher_only decipher_only"
        self._certify(
            "ca",
            self._key,
            self._name,
            x509.BasicConstraints(ca=True, path_length=0),
            x509.KeyUsage(**{use: use == "key_cert_sign" for use in may.split()}),
        )

    def issue(self, name: str) -> tuple[Path, Path]:
        """A certificate for 127.0.0.1 and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
        certificate = self._certify(name, key, subject, here)
        path = self._folder / f"{name}.key"
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(pem)
        # What Kafka calls a key store: the key and its certificate in one file.
        (self._folder / f"{name}.store").write_bytes(pem + certificate.read_bytes())
        return certificate, path

    def _certify(
        self,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        subject: x509.Name,
        *extensions: x509.ExtensionType,
    ) -> Path:
        """With all that RFC 5280 wants of it: Python 3.13 and newer take no less."""
        now = datetime.now(UTC)
        issuer, own = self._key.public_key(), key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(own)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False
            )
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=name == "ca")
        certificate = builder.sign(self._key, hashes.SHA256())
        path = self._folder / f"{name}.pem"
        path.write_bytes(certificate.public_bytes(Encoding.PEM))
        return path


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[KafkaSettings]:
    """A broker that lets in who has a certificate and a password, and the settings for it."""
    if lacking() and not required():
        pytest.skip(lacking())
    authority = Authority(tmp_path / "keys")
    certificate, key = authority.issue("axis")
    authority.issue("broker")
    password = tmp_path / "password"
    password.write_text(_PASSWORD + "\n", encoding="utf-8")
    port, secure = free_port(), free_port()
    listeners = f"PLAINTEXT://127.0.0.1:{port},SECURE://127.0.0.1:{secure}"
    controller = free_port()
    module = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    # Properties files are Latin-1 but for escapes.
    word = "".join(c if ord(c) < 128 else f"\\u{ord(c):04x}" for c in _PASSWORD)
    own = Broker(
        tmp_path / "kafka",
        port,
        {
            "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller}",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{controller}",
            "listener.security.protocol.map": (
                "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL"
            ),
            "listener.name.secure.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.secure.plain.sasl.jaas.config": f'{module} user_axis="{word}";',
            "listener.name.secure.ssl.client.auth": "required",
            "listener.name.secure.ssl.keystore.type": "PEM",
            "listener.name.secure.ssl.keystore.location": str(tmp_path / "keys" / "broker.store"),
            "listener.name.secure.ssl.truststore.type": "PEM",
            "listener.name.secure.ssl.truststore.location": str(authority.file),
        },
    )
    own.start()
    try:
        yield KafkaSettings(
            bootstrap=f"127.0.0.1:{secure}",
            security="SASL_SSL",
            ca_file=authority.file,
            cert_file=certificate,
            key_file=key,
            sasl_mechanism="PLAIN",
            username="axis",
            password_file=password,
        )
    finally:
        own.stop()


@pytest.mark.acceptance
async def test_the_axis_shows_who_it_is_and_judges_its_broker(
    secured: KafkaSettings, tmp_path: Path
):
    async with publishing(secured, "") as publisher:
        await publisher.publish([record(to=A)])
        # So do agencies that are started with the same settings.
        reached = brokers(Settings(run="live", kafka=secured), Over.KAFKA)
        assert reached is not None
        told = Told(Lanes())
        async with reading_topics(reached, {A: told}):
            assert await told.statuses.wait(SOON_S)
            await publisher.publish([record(2, to=A)])
            await publisher.publish([record(1, urgency=STATUSES, to=A)])
            assert await told.statuses.wait(SOON_S)
        assert told.lanes.last == {0: 2}
    strangers = Authority(tmp_path / "strangers")
    wrong = tmp_path / "wrong"
    wrong.write_text("guessed", encoding="utf-8")
    for change in (
        {"ca_file": strangers.file},
        {"cert_file": None, "key_file": None},
        {"password_file": wrong},
        {"security": "PLAINTEXT"},
    ):
        async with publishing(secured.model_copy(update=change), "") as publisher:
            with pytest.raises(BusAway) as refused:
                await publisher.publish([record(to=A)])
        assert _PASSWORD not in str(refused.value)
        assert "guessed" not in str(refused.value)


def test_a_secret_is_in_a_file_and_in_no_setting(tmp_path: Path):
    file = tmp_path / "password"
    file.write_text(_PASSWORD, encoding="utf-8")
    settings = Settings(
        kafka=KafkaSettings(
            bootstrap="127.0.0.1:1", security="SASL_SSL", username="axis", password_file=file
        )
    )
    assert _PASSWORD not in repr(settings) + settings.model_dump_json()


async def test_what_is_wrong_with_a_file_is_said_without_what_is_in_it(tmp_path: Path):
    file = tmp_path / "password"
    settings = KafkaSettings(
        bootstrap="127.0.0.1:1", security="SASL_PLAINTEXT", username="axis", password_file=file
    )
    async with publishing(settings, "") as publisher:
        with pytest.raises(BusAway, match=f"FileNotFoundError: .*{file}"):
            await publisher.prepare([A])
        file.write_bytes(b"guess\xe4d")
        with pytest.raises(BusAway, match="UnicodeDecodeError") as refused:
            await publisher.prepare([A])
        assert "guess" not in str(refused.value)
    tls = KafkaSettings(bootstrap="127.0.0.1:1", security="SSL", ca_file=tmp_path / "ca.pem")
    async with publishing(tls, "") as publisher:
        with pytest.raises(BusAway, match=r"FileNotFoundError: .*ca\.pem"):
            await publisher.prepare([A])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"AXIS_KAFKA_BOOTSTRAP": "127.0.0.1:9092,127.0.0.1:99999"}, "host:port"),
        ({"AXIS_KAFKA_BOOTSTRAP": "127.0.0.1:0"}, "host:port"),
        ({"AXIS_KAFKA_SECURITY": "SASL_SSL", "AXIS_KAFKA_USERNAME": "axis"}, "password_file"),
        ({"AXIS_KAFKA_CERT_FILE": "axis.pem"}, "go together"),
        ({"AXIS_KAFKA_SECURITY": "TLS"}, "PLAINTEXT"),
    ],
)
def test_half_a_setting_is_refused(
    given: dict[str, str], why: str, monkeypatch: pytest.MonkeyPatch
):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=why):
        Settings()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    assert Settings().kafka.bootstrap == ""
    monkeypatch.setenv("AXIS_KAFKA_BOOTSTRAP", "127.0.0.1:19092")
    monkeypatch.setenv("AXIS_RUN", "demo")
    settings = Settings()
    assert settings.kafka.bootstrap == "127.0.0.1:19092"
    assert (settings.topic_prefix, Settings(run="live").topic_prefix) == ("demo.", "")
