"""Fetching: what may be reached, robots.txt, limits of size and time, and what the cache saves."""

import gzip
import itertools
import os
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest

from recommender.errors import SourceError
from recommender.sources.fetch import DisallowedError, DiskPageCache, Fetched, Fetcher, StatusError
from recommender.sources.fetch.addresses import is_public, target_of
from tests.recommender.sources.web import Answer, Web, answer, web

MIB = 1024**2


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def fetcher(site: Web | None = None, cache: DiskPageCache | None = None, **more: object) -> Fetcher:
    moment = Time()
    given: dict[str, object] = {"allow_hosts": [site.host] if site else [], "delay": 0.0, "timeout": 20.0}
    given |= {"clock": moment, "sleep": moment.sleep, **more}
    return Fetcher(cache, **given)  # type: ignore[arg-type]


@pytest.fixture
def site() -> Iterator[Web]:
    with web() as found:
        yield found


def get(site: Web, path: str, made: Answer, **more: object) -> Fetched:
    site.paths[path] = made
    with fetcher(site, **more) as client:
        return client.get(site.url(path))


# --- What may not be reached

REFUSED = [
    # loopback, and its odd spellings
    "http://127.0.0.1/", "http://127.0.0.1:{port}/", "http://127.1/", "http://127.0.1/", "http://2130706433/",
    "http://0x7f000001/", "http://0x7f.1/", "http://0x7F.0x0.0x0.0x1/", "http://0177.0.0.1/", "http://017700000001/",
    "http://0177.0.0.01/", "http://127.0.0.1./", "http://127.0.0.1.:{port}/", "http://127.000.000.001/",
    "http://127.255.255.254/", "http://localhost/", "http://localhost:{port}/", "http://LOCALHOST./", "http://0/",
    "http://0.0.0.0/", "http://00000000/", "http://0x0/", "http://127.0.0.1.5/", "http://999.1.1.1/",
    # other networks that are not public
    "http://10.0.0.1/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.0.1/", "http://169.254.169.254/",
    "http://169.254.169.254/latest/meta-data/", "http://0xa9fea9fe/", "http://2852039166/", "http://100.64.0.1/",
    "http://100.127.255.255/", "http://192.0.0.8/", "http://192.0.2.1/", "http://198.18.0.1/", "http://198.51.100.1/",
    "http://203.0.113.1/", "http://224.0.0.1/", "http://240.0.0.1/", "http://255.255.255.255/", "http://192.88.99.1/",
    # IPv6
    "http://[::1]/", "http://[::1]:{port}/", "http://[::]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/", "http://[::ffff:169.254.169.254]/", "http://[::127.0.0.1]/", "http://[fe80::1]/",
    "http://[fe80::1%25lo]/", "http://[fe80::1%lo]/", "http://[fc00::1]/", "http://[fd00:ec2::254]/", "http://[ff02::1]/",
    "http://[2002:7f00:1::]/", "http://[2001:0:7f00:1::]/", "http://[64:ff9b::7f00:1]/", "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b:1::7f00:1]/", "http://[2001:db8::1]/", "http://[100::1]/", "http://[::ffff:0:127.0.0.1]/",
    "http://[fec0::1]/", "http://[3fff::1]/", "http://[v1.x]/", "http://[::1/",
    # characters that become others
    "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://１２７.０.０.１/", "http://ⓛocalhost/", "http://loc\u00adalhost/",
    "http://localhost\u3002/", "http://127.0.0.1%2f@a.example/", "http://%31%32%37.0.0.1/", "http://127.0.0.1%00.a.example/",
    # user names, other schemes, ports, and what is no URL
    "http://a.example@127.0.0.1/", "http://127.0.0.1@a.example/", "http://user:pass@a.example/", "http://a.example\\@127.0.0.1/",
    "http://127.0.0.1\\.a.example/", "http://a.example:22/", "http://a.example:{port}/", "https://a.example:80/",
    "http://a.example:0/", "http://a.example:99999/", "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:{port}/",
    "data:text/plain,x", "javascript:1", "//127.0.0.1/", "/etc/passwd", "", "http://", "http:///x", "http:127.0.0.1",
    "http://a..example/", "http://-a.example/", "http://a b.example/", "http://127.0.0.1\r\nHost: a.example/",
    "http://a.example/\r\nx: y", "http://a.example/" + "a" * 3_000, "http://" + "a" * 64 + ".example/",
    # names that lead there
    "http://loop.example/", "http://private.example/", "http://mixed.example/", "http://six.example/", "http://mapped.example/",
    "http://none.example/", "http://gone.example/",
]  # fmt: skip
NAMES = {
    "localhost": ["127.0.0.1", "::1"],
    "loop.example": ["127.0.0.1"],
    "private.example": ["10.1.2.3"],
    "mixed.example": ["93.184.216.34", "127.0.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "none.example": [],
}


def names(host: str, port: int) -> list[str]:
    if host not in NAMES:
        raise OSError("no such name")
    return NAMES[host]


def leads_to(client: Fetcher, canary: Web, but: str = "") -> None:
    """Let every connection that ``client`` makes, whatever the address and port, end at the canary, ``but`` one's."""
    sockets = client._transport._pool._network_backend._sockets
    genuine = sockets.connect_tcp

    def connect(address: str, port: int, *more: Any) -> Any:
        return genuine(address, port, *more) if but == f"{address}:{port}" else genuine("127.0.0.1", canary.port, *more)

    sockets.connect_tcp = connect


@pytest.fixture(scope="module")
def canary() -> Iterator[Web]:
    with web() as found:
        yield found
        assert (found.hits, found.connections) == ([], 0)


@pytest.mark.parametrize("url", REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_public_is_never_reached(url: str, canary: Web) -> None:
    assert len(REFUSED) >= 60
    with fetcher(resolver=names) as client:
        leads_to(client, canary)
        with pytest.raises(SourceError) as caught:
            client.get(url.replace("{port}", str(canary.port)))
    assert "pass" not in caught.value.place or "user" not in caught.value.place
    assert canary.connections == 0


def test_a_canary_does_hear_what_is_let_through(site: Web) -> None:
    assert get(site, "/", answer(b"heard")).data == b"heard"
    assert site.connections == 2  # robots.txt and the page


@pytest.mark.parametrize("url", [each for each in REFUSED if "{port}" not in each], ids=str)
def test_redirects_do_not_lead_there_either(url: str, canary: Web, site: Web) -> None:
    site.paths["/a"] = answer(status="302 Found", location=url.replace("\r\n", " "))
    with fetcher(site, resolver=names) as client:
        leads_to(client, canary, but=site.host)
        with pytest.raises(SourceError):
            client.get(site.url("/a"))
    assert canary.connections == 0
    relative = not url.startswith(("http://", "https://")) or url in ("http://", "http:///x")
    assert site.asked() == ["/a"] or relative or url == "http:127.0.0.1"


def test_a_redirect_to_another_port_of_this_machine_is_refused(canary: Web, site: Web) -> None:
    for status in ("301 M", "302 F", "303 S", "307 T", "308 P"):
        made = answer(status=status, location=canary.url("/secret"))
        with pytest.raises(SourceError, match="is not the port of http"):
            get(site, "/a", made)


@pytest.mark.parametrize(("first", "second"), [("93.184.216.34", "127.0.0.1"), ("127.0.0.1", "93.184.216.34")])
def test_an_answer_of_dns_that_changes_has_no_effect(first: str, second: str, canary: Web) -> None:
    answers = itertools.chain([[first]], itertools.repeat([second]))
    asked: list[str] = []
    connected: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    with fetcher(resolver=rebinding, timeout=2) as client:
        sockets = client._transport._pool._network_backend._sockets

        def refuse(address: str, *more: object) -> None:
            connected.append(address)
            raise OSError("the test has no network")

        sockets.connect_tcp = refuse
        with pytest.raises(SourceError):
            client.get("http://rebind.example/")
    assert connected == [each for each in [first] if is_public(each)]
    assert asked == ["rebind.example"]
    assert canary.connections == 0


def test_a_connection_goes_to_the_address_that_was_checked_and_keeps_the_name(site: Web) -> None:
    site.paths["/x"] = answer(b"x")
    with Fetcher(
        allow_hosts=[f"paper.example:{site.port}"], delay=0, resolver=lambda host, port: ["127.0.0.1"]
    ) as client:
        assert client.get(f"http://paper.example:{site.port}/x").data == b"x"
    assert {headers["host"] for _, headers in site.hits} == {f"paper.example:{site.port}"}


def test_who_is_let_through_by_name_is_so_at_that_port_alone(site: Web) -> None:
    with Fetcher(allow_hosts=[f"127.0.0.1:{site.port + 1}", "127.0.0.1"], delay=0) as client:
        with pytest.raises(SourceError, match="is not the port of http"):
            client.get(site.url("/"))
    assert site.connections == 0


def test_no_setting_of_the_environment_is_heeded(site: Web, monkeypatch: pytest.MonkeyPatch, canary: Web) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://{canary.host}")
    assert get(site, "/", answer(b"direct")).data == b"direct"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True), ("8.8.8.8", True), ("2606:2800:220:1:248:1893:25c8:1946", True), ("172.32.0.1", True),
        ("100.128.0.1", True), ("64:ff9b::8.8.8.8", True), ("172.15.0.1", True), ("11.0.0.1", True),
        ("::ffff:8.8.8.8", False), ("2002:808:808::", False), ("x", False), ("", False), ("fe80::1%lo", False),
    ],
)  # fmt: skip
def test_public_addresses(address: str, expected: bool) -> None:
    assert is_public(address) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://A.Example", "http://a.example/"),
        ("https://a.example.:443/b?c=d#e", "https://a.example/b?c=d"),
        ("http://bücher.example/ü?q=ö", "http://xn--bcher-kva.example/%C3%BC?q=%C3%B6"),
        ("http://[2606:2800:220:1::1]/", "http://[2606:2800:220:1::1]/"),
        ("http://a_b.example/?", "http://a_b.example/"),
    ],
)
def test_an_address_has_one_form(url: str, expected: str) -> None:
    assert target_of(url).url == expected


# --- robots.txt and manners


@pytest.mark.parametrize(
    ("robots", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /private\nAllow: /private/ok*$", "/private/ok-12", True),
        ("User-agent: *\nDisallow: /private\nAllow: /private/ok*$", "/private/no", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf?x=1", True),
        ("User-agent: related-articles\nDisallow: /\n\nUser-agent: *\nAllow: /", "/a", False),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("\ufeffUser-agent: *\r\nDisallow: /a", "/a", False),
        ("User-agent: *\nDisallow: /%61b", "/ab", False),
        ("<html>no robots</html>", "/a", True),
        ("User-agent: *\n" + "Disallow: /x\n" * 60_000 + "Disallow: /late", "/late", True),
    ],
    ids=range(11),
)
def test_robots_txt_is_obeyed(robots: str, path: str, allowed: bool, site: Web) -> None:
    site.paths["/robots.txt"] = answer(robots.encode())
    if allowed:
        assert get(site, path, answer(b"x")).data == b"x"
    else:
        with pytest.raises(DisallowedError, match="robots.txt does not allow it"):
            get(site, path, answer(b"x"))
        assert site.asked() == []


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        ("404 N", True),
        ("401 N", True),
        ("403 N", True),
        ("410 N", True),
        ("500 N", False),
        ("503 N", False),
        ("429 N", False),
    ],
)
def test_a_robots_txt_that_cannot_be_read(status: str, allowed: bool, site: Web) -> None:
    site.paths["/robots.txt"] = answer(status=status)
    if allowed:
        assert get(site, "/a", answer(b"x")).data == b"x"
    else:
        with pytest.raises(SourceError, match=r"robots.txt cannot be read .*: not fetched for now") as caught:
            get(site, "/a", answer(b"x"))
        assert caught.value.place == site.url("/a")
        assert site.asked() == []


def test_robots_txt_that_moves_is_followed_and_read_once(site: Web) -> None:
    site.paths |= {
        "/robots.txt": answer(status="301 M", location="/r.txt"),
        "/r.txt": answer(b"User-agent: *\nDisallow: /no\nSitemap: /s.xml\nSitemap: https://a.example/t.xml"),
        "/a": answer(b"x"),
    }
    with fetcher(site) as client:
        client.get(site.url("/a"))
        with pytest.raises(DisallowedError):
            client.get(site.url("/no"))
        assert client.sitemaps(site.url("/a")) == [site.url("/s.xml"), "https://a.example/t.xml"]
    assert [path for path, _ in site.hits] == ["/robots.txt", "/r.txt", "/a"]


def test_a_redirect_to_what_robots_txt_forbids_is_not_followed(site: Web) -> None:
    site.paths["/robots.txt"] = answer(b"User-agent: *\nDisallow: /no")
    with pytest.raises(DisallowedError):
        get(site, "/a", answer(status="302 F", location="/no"))
    assert site.asked() == ["/a"]


@pytest.mark.parametrize(
    ("robots", "delay"),
    [(b"", 1.5), (b"User-agent: *\nCrawl-delay: 4", 4.0), (b"User-agent: *\nCrawl-delay: 86400", 30.0),
     (b"User-agent: *\nCrawl-delay: 0.1", 1.5), (b"User-agent: *\nCrawl-delay: nan", 1.5),
     (b"User-agent: *\nCrawl-delay: -9", 1.5), (b"User-agent: *\nRequest-rate: 1/10s", 10.0)],
)  # fmt: skip
def test_a_host_is_asked_with_pauses(robots: bytes, delay: float, site: Web) -> None:
    site.paths |= {"/robots.txt": answer(robots), "/a": answer(b"x")}
    moment = Time()
    with fetcher(site, clock=moment, sleep=moment.sleep, delay=1.5) as client:
        for _ in range(3):
            client.get(site.url("/a"))
    assert moment.slept == [delay] * 3


@pytest.mark.parametrize(
    ("retry_after", "slept"),
    [("7", [7.0]), ("", [5.0]), ("soon", [5.0]), ("Thu, 14 Mar 2024 09:00:30 GMT", [30.0]), ("-5", [5.0])],
)
@pytest.mark.parametrize("status", ["429 Too Many", "503 Busy"])
def test_a_busy_server_is_asked_again_when_it_says(
    retry_after: str, slept: list[float], status: str, site: Web
) -> None:
    answers = iter([answer(status=status, retry_after=retry_after), answer(b"now")])
    moment = Time()
    found = get(site, "/a", lambda _: next(answers), clock=moment, sleep=moment.sleep, now=lambda: 1_710_406_800.0)
    assert (found.data, moment.slept) == (b"now", slept)


@pytest.mark.parametrize(("retry_after", "tries"), [("3", 3), ("86400", 1), ("9" * 400, 1)])
def test_a_server_that_stays_busy_is_left_alone(retry_after: str, tries: int, site: Web) -> None:
    with pytest.raises(StatusError, match="the server is busy"):
        get(site, "/a", answer(status="503 Busy", retry_after=retry_after))
    assert len(site.asked()) == tries


# --- Limits


def forever(
    piece: bytes, wait: float, head: bytes = b"HTTP/1.1 200 OK\r\n\r\n"
) -> Callable[[dict[str, str]], Iterator[bytes]]:
    def send(_: dict[str, str]) -> Iterator[bytes]:
        yield head
        ends = time.monotonic() + 4
        while time.monotonic() < ends:
            yield piece
            time.sleep(wait)

    return send


SLOW = {
    "body": forever(b"x", 0.05),
    "headers": forever(b"a: b\r\n", 0.05, b"HTTP/1.1 200 OK\r\n"),
    "status": forever(b"H", 0.05, b""),
    "nothing": forever(b"", 0.05, b""),
    "chunks": forever(b"1\r\nx\r\n", 0.05, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
    "gzip": forever(
        b"\0\0\0\xff\xff",  # an empty block
        0.05,
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff",
    ),
    "continue": forever(b"HTTP/1.1 100 Continue\r\n\r\n", 0.05, b""),
}


@pytest.mark.parametrize("kind", SLOW)
def test_a_request_has_one_deadline_however_slowly_it_drips(kind: str, site: Web) -> None:
    with pytest.raises(SourceError, match="Timeout") as caught:
        get(site, "/a", SLOW[kind], timeout=0.6)
    assert caught.value.place == site.url("/a")


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size)) + packer.flush()


TOO_MUCH = {
    "told": (answer(b"x", content_length=str(10**15)), "larger than the limit of 8,388,608 bytes"),
    "told wrongly": (b"HTTP/1.1 200 OK\r\ncontent-length: " + b"9" * 5000 + b"\r\n\r\n", ""),
    "sent": (answer(bytes(9 * MIB)), "larger than the limit of 8,388,608 bytes"),
    "endless": (forever(b"x" * MIB, 0.0), "larger than the limit of 8,388,608 bytes"),
    "gzip": (answer(bomb(7), content_encoding="gzip"), "unpacks to more than 200 times its size"),
    "large gzip": (answer(gzip.compress(os.urandom(MIB) * 40), content_encoding="gzip"), "larger than the limit"),
    "br": (answer(brotli.compress(bytes(300 * MIB), quality=5), content_encoding="br"), "200 times its size"),
    "twice": (answer(gzip.compress(bomb(2_000)), content_encoding="gzip, gzip"), "200 times its size"),
    "thrice": (answer(b"x", content_encoding="gzip, gzip, gzip"), "its encoding gzip is not read"),
    "zstd": (answer(b"x", content_encoding="zstd"), "its encoding zstd is not read"),
    "unknown": (answer(b"x", content_encoding="rot13"), "its encoding rot13 is not read"),
    "damaged": (answer(b"no gzip", content_encoding="gzip"), "cannot be fetched (DecodingError"),
    "short": (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this", "cannot be fetched (RemoteProtocolError"),
    "bad length": (b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nx", "cannot be fetched (RemoteProtocolError"),
    "two lengths": (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxy", "RemoteProtocolError"),
    "bad chunk": (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "RemoteProtocolError"),
    "long header": (b"HTTP/1.1 200 OK\r\na: " + b"x" * 5 * MIB, "RemoteProtocolError"),
    "no http": (b"SSH-2.0-OpenSSH_9\r\n", "cannot be fetched"),
    "nothing": (b"", "cannot be fetched"),
}


@pytest.mark.parametrize("kind", TOO_MUCH)
def test_what_is_too_large_or_damaged_is_refused(kind: str, site: Web) -> None:
    made, message = TOO_MUCH[kind]
    with pytest.raises(SourceError) as caught:
        get(site, "/a", made, max_bytes=8 * MIB)
    assert caught.value.place == site.url("/a")
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("identity", bytes),
        ("GZIP", gzip.compress),
    ],
)
def test_packed_answers_are_unpacked(coding: str, pack: Callable[[bytes], bytes], site: Web) -> None:
    assert get(site, "/a", answer(pack(b"text " * 99), content_encoding=coding)).data == b"text " * 99


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 500, 502, 599, 300, 304, 305])
def test_an_error_of_the_server_is_an_error_that_names_it(status: int, site: Web) -> None:
    with pytest.raises(StatusError, match=f"the server answers with status {status}") as caught:
        get(site, "/a", answer(b"<html>Sorry</html>", f"{status} No"))
    assert (caught.value.place, caught.value.status) == (site.url("/a"), status)


def test_redirects_are_followed_five_times(site: Web) -> None:
    site.paths |= {f"/{n}": answer(status="302 F", location=f"/{n + 1}") for n in range(6)} | {"/6": answer(b"there")}
    with fetcher(site) as client:
        found = client.get(site.url("/1"))
        assert (found.url, found.requested, found.data) == (site.url("/6"), site.url("/1"), b"there")
        with pytest.raises(SourceError, match="redirects more than 5 times"):
            client.get(site.url("/0"))


def test_a_redirect_to_itself_ends(site: Web) -> None:
    with pytest.raises(SourceError, match="redirects more than 5 times"):
        get(site, "/a", answer(status="302 F", location="/a"))
    assert len(site.asked()) == 6


def test_no_cookie_is_sent_back_and_we_say_who_we_are(site: Web) -> None:
    site.paths["/a"] = answer(b"x", set_cookie="a=b; Path=/")
    with fetcher(site, user_agent="paper-reader/2") as client:
        client.get(site.url("/a"))
        client.get(site.url("/a"))
    assert all("cookie" not in headers and headers["user-agent"] == "paper-reader/2" for _, headers in site.hits)


# --- The cache


def test_what_has_not_changed_is_not_sent_again(site: Web, tmp_path: Path) -> None:
    def page(headers: dict[str, str]) -> bytes:
        if (
            headers.get("if-none-match") == '"1"'
            and headers.get("if-modified-since") == "Thu, 14 Mar 2024 09:00:00 GMT"
        ):
            return b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n"
        return answer(b"text", etag='"1"', last_modified="Thu, 14 Mar 2024 09:00:00 GMT", content_type="text/html")

    cache = DiskPageCache(tmp_path)
    first = get(site, "/a", page, cache=cache, now=lambda: 5.0)
    again = get(site, "/a", page, cache=DiskPageCache(tmp_path), now=lambda: 7.0)
    assert (first.data, first.unchanged, first.content_type) == (b"text", False, "text/html")
    assert (again.data, again.unchanged, again.content_type, again.status) == (b"text", True, "text/html", 200)
    kept = cache.get(site.url("/a"))
    assert kept
    assert kept.fetched_at == 7.0


def test_a_damaged_file_of_the_cache_counts_as_absent(tmp_path: Path) -> None:
    cache = DiskPageCache(tmp_path)
    cache.put("http://a.example/", "e", "l", "t", b"text" * 100, 1.5)
    (path,) = tmp_path.glob("*/*.page")
    content = path.read_bytes()
    for damaged in (
        b"",
        content[:-20],
        content[:20],
        b"{}\n",
        b"[]\n" + content,
        content.replace(b'"e"', b'"e'),
        b"9" * 99,
    ):
        path.write_bytes(damaged)
        assert cache.get("http://a.example/") is None
    path.write_bytes(content)
    kept = cache.get("http://a.example/")
    assert kept
    assert (kept.etag, kept.last_modified, kept.content_type, kept.data, kept.fetched_at) == (
        "e",
        "l",
        "t",
        b"text" * 100,
        1.5,
    )


def test_a_cache_is_bounded(tmp_path: Path) -> None:
    cache = DiskPageCache(tmp_path, max_bytes=20_000)
    for number in range(50):
        cache.put(f"http://a.example/{number}", "", "", "", os.urandom(1_000), 0.0)
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) <= 20_000
    assert cache.get("http://a.example/49")
    assert DiskPageCache(tmp_path, max_bytes=20_000).get("http://a.example/49")


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    cache = DiskPageCache(tmp_path)
    monkeypatch.setattr(os, "replace", full)
    cache.put("http://a.example/", "", "", "", b"x", 0.0)
    assert cache.get("http://a.example/") is None
    assert not list(tmp_path.glob("*/*"))
