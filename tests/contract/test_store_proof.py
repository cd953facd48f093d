"""The contract of ``axis.books.Books.amiss``: what is wrong with package bytes, in every store."""

from __future__ import annotations

import pytest

from axis.books import Package
from axis.core.document import Document
from axis.flows import proving
from axis.flows.proving import prove
from axis.ports import Store
from tests.contract.books import A, B, C, Scribe, differences, document_of


async def _written(store: Store, scribe: Scribe) -> list[Document]:
    commands = [scribe.accept(f"{n}/UBND", to=[B, C]) for n in range(3)]
    # The same bytes under another name are kept once.
    commands += [scribe.accept("9/UBND", sender=B, to=[A], body=b"same") for _ in range(2)]
    commands += [scribe.accept("9/UBND", sender=C, to=[A], body=b"same")]
    outcomes = await store.apply(commands)
    return list({document_of(outcome).seq: document_of(outcome) for outcome in outcomes}.values())


def _package(document: Document) -> Package:
    return Package(document.seq, document.sha256, document.size)


@pytest.mark.parametrize("read", [False, True])
async def test_bytes_that_are_there_are_not_amiss(store: Store, scribe: Scribe, read: bool) -> None:
    packages = [_package(document) for document in await _written(store, scribe)]
    assert len(packages) == 5
    assert await store.amiss([], read=read) == {}
    assert await store.amiss(packages, read=read) == {}
    assert await store.amiss(packages[::-1], read=read) == {}


@pytest.mark.parametrize("read", [False, True])
async def test_bytes_that_are_not_there_are_told(store: Store, scribe: Scribe, read: bool) -> None:
    first, second, *others = map(_package, await _written(store, scribe))
    asked = [first._replace(sha256="0" * 64), second._replace(size=7), *others]
    told = await store.amiss(asked, read=read)
    assert set(told) == {first.doc, second.doc}
    assert "0" * 64 in told[first.doc]
    assert told[second.doc].startswith("it says 7 bytes, and ")


@pytest.mark.parametrize("read", [False, True])
async def test_a_proof_looks_for_all_of_them_in_parts(
    store: Store, scribe: Scribe, read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "PACKAGES", 2)
    monkeypatch.setattr(proving, "PACKAGES_BYTES_MAX", 30)
    await _written(store, scribe)
    asked: list[int] = []
    amiss = store.amiss

    async def listening(packages: list[Package], *, read: bool) -> object:
        asked.append(len(packages))
        return await amiss(packages, read=read)

    monkeypatch.setattr(store, "amiss", listening)
    assert (await prove(store, read_packages=read)).clean
    assert sum(asked) == 5
    assert max(asked) == 2
    assert await differences(store) == []
