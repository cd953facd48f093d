"""What a recipient checks before it takes a package: the digest, the form, the signature.

The digest is taken of every copy that comes in. The signature of a package is verified once per
process and remembered by that digest: equal bytes have an equal verdict, and a list of everyone
brings the same bytes to all agencies of a process.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from axis.core.trust import Certificate, judge
from schemas.examine import examine


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found. ``fault`` says why the package cannot be taken; empty when it can."""

    sha256: str
    content: str = ""
    fault: str = ""


#: Packages remembered, 300 bytes each: those of two busy days, for who plays a day at once.
REMEMBERED_MAX = 4096


@dataclass(frozen=True)
class Examiner:
    """Checks packages against the agencies' own trust list (certificates by fingerprint)."""

    certificates: Mapping[str, Certificate]
    _remembered: OrderedDict[tuple[str, str, int], Finding] = field(
        default_factory=OrderedDict, repr=False
    )

    def examine(self, raw: bytes, said_sha256: str, sender: str, at_us: int) -> Finding:
        """Check a package that the axis says is ``sender``'s, of ``at_us``, with this digest (hex).

        An absent or weak signature passes, as real packages have them; a false one does not.
        """
        sha256 = hashlib.sha256(raw).hexdigest()
        if sha256 != said_sha256:
            return Finding(sha256, fault=f"the digest is {sha256}, not {said_sha256}")
        key = (sha256, sender, at_us)
        finding = self._remembered.get(key)
        if finding is None:
            finding = self._remembered[key] = self._read(raw, sha256, sender, at_us)
            if len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return finding

    def _read(self, raw: bytes, sha256: str, sender: str, at_us: int) -> Finding:
        examined = examine(raw)
        errors = [flaw.code for flaw in examined.flaws if flaw.error]
        if errors or examined.letter is None:
            why = errors[0] if errors else "it is no document"
            return Finding(sha256, fault=f"the package cannot be read: {why}")
        judgement = judge(examined.seal, self.certificates, sender, at_us)
        if judgement.verdict in ("broken", "untrusted"):
            why = f"the signature is {judgement.verdict}: {judgement.reason}"
            return Finding(sha256, fault=why)
        return Finding(sha256, content=examined.letter.content)
