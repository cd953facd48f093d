"""Package signatures: mostly none and a trust that believes everything, sometimes the real ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from agencies.keys import AgencyKey, make_agency, make_authority
from axis.adapters.trust_list import TrustList, read_certificate
from axis.core.trust import BadCertificate, Certificate, Judgement, Verdict
from axis.ports import Trust
from schemas import xmldsig
from schemas.examined import Seal

_SEED = "simulation"


class _Believer:
    """Port ``Trust``: valid, whatever it is. Signatures are most of a real run's work."""

    def judge(self, seal: Seal, agency: str, at: int) -> tuple[Verdict, str]:
        return Judgement("valid")

    def read(self, agency: str, pem: str) -> Certificate:
        raise BadCertificate

    def renew(self, certificates: Iterable[Certificate]) -> None:
        pass


class Signing:
    """Adds signatures and judges them. Without ``agencies`` there are none."""

    def __init__(self, agencies: Sequence[str] = ()) -> None:
        self._keys = {agency: _key(agency) for agency in agencies}
        self.trust: Trust = _trust(tuple(agencies)) if agencies else _Believer()

    @property
    def real(self) -> bool:
        """Whether packages are signed and a false signature is refused."""
        return bool(self._keys)

    def sign(self, agency: str, raw: bytes) -> bytes:
        """``raw`` with the signature of ``agency``."""
        key = self._keys.get(agency)
        return raw if key is None else xmldsig.sign(raw, key.private_key, key.certificate_der)


@cache
def _key(agency: str) -> AgencyKey:
    return make_agency(make_authority(_SEED), agency, agency)


def _trust(agencies: Sequence[str]) -> TrustList:
    root = make_authority(_SEED).certificate_der
    return TrustList(root, [read_certificate(a, _key(a).certificate_der) for a in agencies])
