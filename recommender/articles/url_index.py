"""Which article is at an address: by its strict form, else by the loose one if only one address has it."""

from collections.abc import Iterable
from typing import Generic, Self, TypeVar

from recommender.articles.url import loosened, url_key_or_none

K = TypeVar("K", bound=int | str)


class UrlIndex(Generic[K]):
    """Addresses and the keys of the articles there: ids, or row numbers.

    Two dictionaries: strict form → key, or keys where several articles are at one address; loose form → the strict
    forms that differ from it, which few do.
    """

    def __init__(self, pairs: Iterable[tuple[str, K]] = ()) -> None:
        self._keys: dict[str, K | tuple[K, ...]] = {}
        self._loose: dict[str, tuple[str, ...]] = {}
        for url, key in pairs:
            self.add(url, key)

    def add(self, url: str, key: K) -> None:
        """Let ``key`` be found at ``url``, behind what is there already; at what is no http(s) URL nothing is found."""
        strict = url_key_or_none(url)
        if strict is None:
            return
        keys: tuple[K, ...] = self._at(strict)
        if key in keys:
            return
        self._keys[strict] = (*keys, key) if keys else key
        loose = loosened(strict)
        if not keys and loose != strict:
            self._loose[loose] = (*self._loose.get(loose, ()), strict)

    def remove(self, url: str, key: K) -> None:
        """Let ``key`` be found at ``url`` no more, if it is."""
        strict = url_key_or_none(url)
        if strict is None or strict not in self._keys:
            return
        left: tuple[K, ...] = tuple(each for each in self._at(strict) if each != key)
        if left:
            self._keys[strict] = left if len(left) > 1 else left[0]
            return
        del self._keys[strict]
        loose = loosened(strict)
        if others := tuple(each for each in self._loose.pop(loose, ()) if each != strict):
            self._loose[loose] = others

    def find(self, address: str) -> K | None:
        """Return the key at ``address``, of several the one added first; None if there is none, or it is no URL.

        Where no article is at the address itself, it is the only one that has other addresses of the same loose form.
        """
        strict = url_key_or_none(address)
        if strict is None:
            return None
        if strict in self._keys:
            return self._at(strict)[0]
        loose = loosened(strict)
        near: tuple[str, ...] = self._loose.get(loose, ())
        if loose in self._keys:
            near = (*near, loose)
        keys = {self._at(each)[0] for each in near}
        return keys.pop() if len(keys) == 1 else None

    def copy(self) -> Self:
        """Return an index with the same addresses, to be changed by itself."""
        other = type(self)()
        other._keys, other._loose = dict(self._keys), dict(self._loose)
        return other

    def __len__(self) -> int:
        """Count the different addresses."""
        return len(self._keys)

    def _at(self, strict: str) -> tuple[K, ...]:
        found = self._keys.get(strict)
        if found is None:
            return ()
        return found if isinstance(found, tuple) else (found,)
