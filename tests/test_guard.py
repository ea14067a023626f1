"""Where an untrusted URL may lead."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sora_mcp.domain.errors import NotSent, UntrustedURL
from sora_mcp.net.urls import Resolver, Target, check_proxied, resolve_host, resolve_public
from tests.each import each

NOBODY: frozenset[str] = frozenset()
SECRET = "signature=hush"


def answering(*ips: str) -> Resolver:
    """A resolver that knows one answer to everything."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ips

    return resolve


PUBLIC = answering("93.184.216.34")


async def silent(host: str, port: int) -> Sequence[str]:
    raise OSError("no such name")


async def refusal(url: str, trusted: frozenset[str] = NOBODY, resolve: Resolver = PUBLIC) -> str:
    with pytest.raises(UntrustedURL) as caught:
        await resolve_public(url, trusted, resolve=resolve)
    assert "hush" not in caught.value.message
    return caught.value.message


@pytest.mark.fault("D20")
async def test_a_public_https_address_is_followed_with_all_that_a_connection_needs() -> None:
    both = answering("93.184.216.34", "2606:4700::1111")
    target = await resolve_public(f"https://CDN.example.com/a/b.mp4?{SECRET}#part", NOBODY, resolve=both)
    assert target == Target("https", "cdn.example.com", 443, f"/a/b.mp4?{SECRET}", ("93.184.216.34", "2606:4700::1111"))
    assert target.authority == "cdn.example.com"


@each(
    ("url", "host", "path"),
    [
        ("https://example.com", "example.com", "/"),
        ("https://example.com.:443/x", "example.com", "/x"),
        ("https://example.com?x=1", "example.com", "/?x=1"),
        ("https://faß.de/", "xn--fa-hia.de", "/"),
        ("https://ｅxample。com/", "example.com", "/"),
        ("https://my_bucket.s3.example.com/", "my_bucket.s3.example.com", "/"),
        ("https://1.1.1.1.example.com/", "1.1.1.1.example.com", "/"),
    ],
)
async def test_a_name_is_understood_as_the_resolver_does(url: str, host: str, path: str) -> None:
    assert await resolve_public(url, NOBODY, resolve=PUBLIC) == Target("https", host, 443, path, ("93.184.216.34",))


async def test_a_public_address_in_place_of_a_name_needs_no_resolver() -> None:
    assert await resolve_public("https://0x08.8.2056/", NOBODY, resolve=silent) == Target("https", "8.8.8.8", 443, "/", ("8.8.8.8",))
    target = await resolve_public("https://[2606:4700:0::1111]/", NOBODY, resolve=silent)
    assert (target.ips, target.authority) == (("2606:4700::1111",), "[2606:4700::1111]")


@pytest.mark.fault("D02")
@each(
    "spelling",
    [
        *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1", "017700000001", "0", "127.0.0.1."),
        *("①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.0.0.1", "0X7F.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "2852039166"),
        *("100.64.0.1", "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.0.9", "192.88.99.1", "168.63.129.16"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:8.8.8.8]", "[::127.0.0.1]", "[0:0:0:0:0:0:0:1]", "[64:ff9b::7f00:1]"),
        *(
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[fec0::1]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[ff02::1]",
            "[3fff::1]",
        ),
        *("[5f00::1]", "[2001:db8::1]", "[100::1]", "[4000::1]"),
    ],
)
async def test_an_address_that_is_not_public_is_refused_in_any_spelling(spelling: str) -> None:
    assert (await refusal(f"https://{spelling}/x?{SECRET}")).endswith("which is not a public address.")


@pytest.mark.fault("D03")
@each(
    "ip",
    [
        *("127.0.0.1", "10.1.2.3", "169.254.169.254", "168.63.129.16", "192.0.0.9", "224.0.0.251", "0.0.0.0"),
        *("::1", "fe80::1%eth0", "64:ff9b::7f00:1", "::127.0.0.1", "2002:7f00:1::", "fec0::1", "ff05::1", "3fff::1", "5f00::1"),
        "2001:0:1::",
    ],
)
async def test_every_answer_of_the_resolver_has_to_be_public(ip: str) -> None:
    sentence = await refusal(f"https://cdn.example.com/?{SECRET}", resolve=answering("93.184.216.34", ip))
    assert sentence == "The link leads to cdn.example.com, which is not a public address."


NO_LINKS: dict[str, tuple[str, ...]] = {
    "leads to example.com without https": ("http://example.com/?hush",),
    "leads to port 8443 of example.com; only 443 is followed": ("https://example.com:8443/?hush",),
    "leads to port 0 of example.com; only 443 is followed": ("https://example.com:0/",),
    "is not an https:// address": ("ftp://example.com/", "file:///etc/passwd", "//example.com/", "example.com"),
    "has a user name or password in it": ("https://user:hush@example.com/", "https://@example.com/"),
    "has a backslash, a space or a control character in it": (
        *("https://example.com\\@evil.com/", "https://example.com/a b", "https://example.com/\r\nHost: x", "https://exam\tple.com/"),
        "https://example.com/\u202ehush",
    ),
    "is malformed": ("https://[::1/", "https://example.com:port/", "https://example.com:99999/"),
    "has no valid host name": (
        *("https://", "https:///x", "https://a..b/", "https://-a.com/", "https://example%2ecom/", f"https://{'a' * 64}.com/"),
        *(f"https://{'a.' * 127}com/", "https://1.2.3.4.5/", "https://256.1.1.1/", "https://a.0x/", "https://☃\u0338.com/"),
        *("https://xn--é.com/", "https://[::1]example.com/", "https://[v1.x]/"),
    ),
    "leads to a single network card of this machine": ("https://[fe80::1%25eth0]/",),
    "has more than 8192 characters": (f"https://example.com/{'x' * 8192}",),
}


@pytest.mark.fault("D05")
async def test_a_link_that_is_not_plain_is_refused() -> None:
    for sentence, url in [(sentence, url) for sentence, urls in NO_LINKS.items() for url in urls]:
        assert await refusal(url) == f"The link {sentence}.", url


@pytest.mark.fault("D05", "D20")
async def test_a_trusted_host_may_be_private_and_plain_http_at_exactly_this_port() -> None:
    trusted = frozenset({"localhost:8123", "[::1]:8124", "10.0.0.7:443"})
    local = answering("::1", "127.0.0.1")
    target = await resolve_public("http://localhost:8123/x", trusted, resolve=local)
    assert target == Target("http", "localhost", 8123, "/x", ("::1", "127.0.0.1"))
    assert (await resolve_public("http://localhost:8123/x", trusted, resolve=local)).authority == "localhost:8123"
    assert (await resolve_public("http://[::1]:8124/", trusted, resolve=silent)).authority == "[::1]:8124"
    assert (await resolve_public("https://10.0.0.7/", trusted, resolve=silent)).ips == ("10.0.0.7",)
    assert await refusal("http://localhost:8125/", trusted, local) == "The link leads to localhost without https."
    homograph = await refusal("http://l\u043ecalhost:8123/", trusted, local)
    assert homograph == "The link leads to xn--lcalhost-nbh without https."
    assert await refusal("https://localhost/", trusted, local) == "The link leads to localhost, which is not a public address."


@each("ip", ["198.18.0.5", "198.19.255.254"])
async def test_a_name_that_a_vpn_answers_with_a_fake_address_is_followed_there(ip: str) -> None:
    target = await resolve_public("https://cdn.example.com/v.mp4", NOBODY, resolve=answering(ip, "fd00::5"))
    assert (target.ips, target.host, target.scheme) == ((ip,), "cdn.example.com", "https")
    for url in ("http://cdn.example.com/v.mp4", "https://cdn.example.com:8443/v.mp4", f"https://{ip}/v.mp4"):
        assert "The link leads to" in await refusal(url, resolve=answering(ip))
    for host in ("localhost", "printer", "nas.local", "vault.internal", "router.home.arpa"):  # the VPN would lead into its own network
        assert (await refusal(f"https://{host}/", resolve=answering(ip))).endswith("which is not a public address.")


async def test_a_public_host_behind_nat64_is_reached_and_a_private_one_is_not() -> None:
    public = await resolve_public("https://cdn.example.com/", NOBODY, resolve=answering("64:ff9b::808:808"))
    assert public.ips == ("64:ff9b::808:808",)
    for ip in ("64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b::198.18.0.1", "64:ff9b:1::8.8.8.8"):
        assert (await refusal("https://cdn.example.com/", resolve=answering(ip))).endswith("which is not a public address.")


def test_where_a_proxy_resolves_names_and_literal_addresses_are_judged() -> None:
    assert check_proxied("https://cdn.example.com/v.mp4?x=1", NOBODY) == Target("https", "cdn.example.com", 443, "/v.mp4?x=1", ())
    assert check_proxied("https://8.8.8.8/", NOBODY).host == "8.8.8.8"
    assert check_proxied("http://nas.lan:9000/x", frozenset({"nas.lan:9000"})).port == 9000
    hosts = ["localhost", "a.localhost", "printer", "nas.local", "vault.internal", "box.lan", "router.home.arpa", "10.0.0.1", "[::1]"]
    for host in [*hosts, "127.1", "0x7f.1", "[64:ff9b::10.0.0.1]", "198.18.0.1"]:
        with pytest.raises(UntrustedURL, match="which is not a public address"):
            check_proxied(f"https://{host}/", NOBODY)


async def test_a_name_without_an_address_may_be_asked_again() -> None:
    for resolve in (silent, answering()):
        with pytest.raises(NotSent, match=r"^The name gone\.example has no address now\.$"):
            await resolve_public("https://gone.example/", NOBODY, resolve=resolve)


async def test_the_system_is_asked_by_default() -> None:
    assert await resolve_host("127.0.0.1", 443) == ("127.0.0.1",)


def test_any_text_is_followed_to_a_public_address_or_refused() -> None:
    with asyncio.Runner() as runner:

        @settings(max_examples=300)
        @given(st.text(max_size=40), st.sampled_from(["https://", "https://[", "https://a@", "http://", ""]), st.text(max_size=20))
        def follow(host: str, before: str, after: str) -> None:
            try:
                target = runner.run(resolve_public(before + host + after, NOBODY, resolve=PUBLIC))
            except UntrustedURL:
                return
            assert (target.scheme, target.port) == ("https", 443)

        follow()
