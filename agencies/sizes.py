"""How large packages are: the sizes of their files, and what a package weighs, without building it.

Two profiles: *small* packages lie around 20 kB, *real* ones have the files that offices send
(``agencies.model_offices``; assumed), 1.4 MB on average. Whole numbers throughout, the same on
every machine. What a package weighs is told from what its elements weigh on average: the signed
package strays at most 500 bytes from it, and the sum over a day less than one in a thousand.

Files are base64 in the XML without line breaks and so grow by a third, not by the 37 % that base64
with line breaks costs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from agencies import model_offices as model
from agencies.dice import Dice
from agencies.lognormal import LogNormal
from agencies.traffic import Planned
from agencies.words import name_of, words
from schemas.edxml import NEW, PACKAGE_BYTES_MAX, RECALL, UPDATE

#: What the XML weighs beside the file and the recipients: elements, texts, zip, and a signature
#: with a P-256 certificate. Measured on signed packages.
_XML_BYTES = 5_270
#: What a recipient weighs beside its name.
_RECIPIENT_BYTES = 103
#: What one more file weighs beside its content: manifest, attachment, zip; measured.
_FILE_BYTES = 815
#: What naming the document that is spoken of weighs: once for each recipient where it is
#: recalled (ResponseFor), and for each recipient and once where it is replaced or updated.
_RECALLED_BYTES = 252
_REPLACED_BYTES, _REPLACED_UNIT_BYTES = 250, 48
_UPDATED_BYTES = 270
#: The smallest file: its page.
_PAGE_BYTES = 1_000
#: What all files of a package may weigh: 50 MB with XML and base64. 256 kB is room for the XML.
_FILES_BYTES_MAX = (PACKAGE_BYTES_MAX - 256 * 1024) * 3 // 4

_MAIN = LogNormal(model.MAIN_FILE_MEDIAN_BYTES.value, model.MAIN_FILE_SIGMA_PER_MILLE.value)
_OTHER = LogNormal(model.ATTACHMENT_MEDIAN_BYTES.value, model.ATTACHMENT_SIGMA_PER_MILLE.value)
_COUNTS = tuple(model.ATTACHMENTS_PER_MILLE.value)
_COUNT_WEIGHTS = tuple(accumulate(model.ATTACHMENTS_PER_MILLE.value.values()))


@dataclass(frozen=True, slots=True)
class Even:
    """One file. Signed packages lie between these sizes, in bytes; each size is as likely."""

    name: str
    package_bytes_min: int
    package_bytes_max: int


@dataclass(frozen=True, slots=True)
class Real:
    """A main file and up to six others, log-normal; packages of more than 50 MB are cut to it."""

    name: str


Profile = Even | Real

#: About 20 kB. A list of everyone alone weighs 13 kB; there the file is little but its page.
SMALL = Even("small", *model.SMALL_PACKAGE_BYTES.value)
REAL = Real("real")
PROFILES = {profile.name: profile for profile in (SMALL, REAL)}


def file_sizes(planned: Planned, profile: Profile, turn: int) -> tuple[int, ...]:
    """The bytes of the document's file and of those beside it; ``turn`` is that of its words.

    No file is smaller than its page.
    """
    if isinstance(profile, Even):
        span = profile.package_bytes_max - profile.package_bytes_min + 1
        wanted = profile.package_bytes_min + (turn * span >> 64)
        return (max(0, (wanted - _xml_bytes(planned)) * 3 // 4),)
    dice = Dice(planned.wording_seed, "files")
    sizes = []
    left = _FILES_BYTES_MAX
    for n in range(1 + _COUNTS[dice.pick(_COUNT_WEIGHTS)]):
        drawn = (_OTHER if n else _MAIN).at(dice.below(1 << 64))
        size = min(max(drawn, _PAGE_BYTES), left)
        if size < _PAGE_BYTES:
            break
        sizes.append(size)
        left -= size + _FILE_BYTES
    return tuple(sizes)


def package_bytes(planned: Planned, profile: Profile) -> int:
    """What the signed package of a planned document will weigh (see above for how exactly)."""
    turn = words(planned).turn if isinstance(profile, Even) else 0
    files = file_sizes(planned, profile, turn)
    encoded = sum(max(size, _PAGE_BYTES) for size in files) * 4 // 3
    return _xml_bytes(planned) + encoded + (len(files) - 1) * _FILE_BYTES


def total_bytes(plan: Iterable[Planned], profile: Profile) -> int:
    """What the packages of a plan weigh together; one sent again has its bytes only once."""
    return sum(package_bytes(planned, profile) for planned in plan)


def _xml_bytes(planned: Planned) -> int:
    """What the package weighs without its files."""
    count = len(planned.recipients)
    weight = _XML_BYTES + sum(map(_recipient_bytes, planned.recipients))
    if planned.business == NEW:
        return weight
    if planned.business == RECALL:
        return weight + count * _RECALLED_BYTES
    if planned.business == UPDATE:
        return weight + _UPDATED_BYTES
    return weight + _REPLACED_BYTES + count * _REPLACED_UNIT_BYTES


@cache
def _recipient_bytes(code: str) -> int:
    """What one recipient adds to the package."""
    return _RECIPIENT_BYTES + len(name_of(code).encode())
