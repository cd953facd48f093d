"""What runs a broker: Java, and the jars that Maven resolves from ``pom.xml`` once.

The jars lie in the user's cache, in a folder named after what ``pom.xml`` says, so that every
checkout shares them and a new version never meets an old one's. Beside them lies an archive of
loaded classes (AppCDS) that the first broker leaves when it stops: the next ones start in half the
time with a fifth less memory.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
#: Kafka 4 is built for Java 17.
JAVA_MIN = 17
#: Seconds Maven may take: 43 MB on a slow line.
MAVEN_S_MAX = 600.0
JAVA_S_MAX = 30.0


class Missing(Exception):
    """What a broker needs is not on this machine; the message is one sentence that says what."""


@dataclass(frozen=True, slots=True)
class Jars:
    """Everything to start a broker from. ``java`` is the program, ``folder`` holds the jars."""

    java: str
    java_version: int
    folder: Path

    @property
    def kafka_version(self) -> str:
        """The version of Apache Kafka, such as 4.4.0."""
        return kafka_version()

    @property
    def classpath(self) -> str:
        """Every jar in a fixed order: a class archive fits one order only."""
        return os.pathsep.join(map(str, sorted(self.folder.glob("*.jar"))))

    @property
    def archive(self) -> Path:
        """Where the archive of loaded classes lies, once a broker has left it."""
        return self.folder / f"classes-java{self.java_version}.jsa"


def kafka_version() -> str:
    """The version that ``pom.xml`` names."""
    found = re.search(r"<artifactId>kafka_2\.13</artifactId>\s*<version>(.+?)</version>", _pom())
    assert found is not None
    return found[1]


def lacking() -> str:
    """What keeps a broker from being started here, as far as a quick look shows; "" for nothing."""
    try:
        java = _java()
    except Missing as missing:
        return str(missing)
    if _complete(_folder(_cache())) or shutil.which("mvn"):
        return ""
    return f"Maven is missing: it brings the broker's jars (Java is {java})."


def install(cache: Path | None = None) -> Jars:
    """Find Java and have the jars in ``cache`` (None: the user's); raises ``Missing``.

    Takes no time when they are there, and seconds to minutes when Maven has to bring them.
    """
    java = _java()
    version = _java_version(java)
    if version < JAVA_MIN:
        raise Missing(f"Kafka needs Java {JAVA_MIN} or newer; {java} is {version}.")
    folder = _folder(cache or _cache())
    if not _complete(folder):
        _resolve(folder)
    return Jars(java, version, folder)


def _pom() -> str:
    return (HERE / "pom.xml").read_text(encoding="utf-8")


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "document-axis"


def _folder(cache: Path) -> Path:
    return cache / f"kafka-{kafka_version()}-{hashlib.sha256(_pom().encode()).hexdigest()[:12]}"


def _complete(folder: Path) -> bool:
    # The folder gets its name when everything is in it.
    return folder.is_dir()


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    if java is None:
        where = f"JAVA_HOME ({home})" if home else "the PATH"
        raise Missing(
            f"Java is missing: Kafka needs Java {JAVA_MIN} or newer, and {where} has none."
        )
    return java


def _java_version(java: str) -> int:
    """The feature number: 17 of ``openjdk version "17.0.15"``, 8 of ``"1.8.0"``."""
    told = subprocess.run(  # noqa: S603 - the machine's own Java
        [java, "-version"], capture_output=True, text=True, check=False, timeout=JAVA_S_MAX
    )
    found = re.search(r'version "(?:1\.)?(\d+)', told.stderr + told.stdout)
    if found is None:
        raise Missing(f"{java} does not say which Java it is.")
    return int(found[1])


def _resolve(folder: Path) -> None:
    """Have Maven copy the jars; a folder that is there is whole."""
    maven = shutil.which("mvn")
    if maven is None:
        raise Missing("Maven is missing: it brings the broker's jars; install it, then try again.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".maven-") as scratch:
        fresh = Path(scratch, "jars")
        argv = [
            maven,
            "--batch-mode",
            "--quiet",
            "--strict-checksums",
            f"--file={HERE / 'pom.xml'}",
        ]
        argv += ["dependency:copy-dependencies", "-DincludeScope=runtime"]
        try:
            done = subprocess.run(  # noqa: S603 - the machine's own Maven
                [*argv, f"-DoutputDirectory={fresh}"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=MAVEN_S_MAX,
            )
        except subprocess.TimeoutExpired:
            raise Missing(f"Maven did not bring the jars within {MAVEN_S_MAX:.0f} s.") from None
        if done.returncode != 0:
            raise Missing(f"Maven could not bring the broker's jars: {_reason(done.stdout)}")
        try:
            fresh.rename(folder)
        except OSError:
            # Somebody else brought them in the meantime.
            if not _complete(folder):
                raise


def _reason(output: str) -> str:
    """Maven's first error line; the rest is advice."""
    errors = [line for line in output.splitlines() if line.startswith("[ERROR]")]
    return errors[0].removeprefix("[ERROR]").strip() if errors else "it says nothing."
