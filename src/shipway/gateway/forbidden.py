"""Addresses that the proxy never opens: link-local ones and the clouds' metadata services.

A program that was tricked into asking for them would hand out the machine's own identity.
"""

import ipaddress

from shipway.base.front_door import normal_name

_NETWORKS = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",  # link-local; 169.254.169.254 is the metadata service of most clouds
        "fe80::/10",
        "168.63.129.16/32",  # Azure's wire server
        "100.100.100.200/32",  # Alibaba
        "192.0.0.192/32",  # Oracle
        "fd00:ec2::254/128",  # AWS
        "fd20:ce::254/128",  # Google
        "fd00:42::42/128",  # Scaleway
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAMES = (
    "metadata",
    "metadata.google.internal",
    "metadata.azure.internal",
    "metadata.goog",
    "instance-data",
    "instance-data.ec2.internal",
)


def is_forbidden_name(name: str) -> bool:
    """Whether a host name, or the address that it spells, is one of them."""
    plain = normal_name(name).strip("[]")
    return plain in _NAMES or is_forbidden_address(plain)


def is_forbidden_address(text: str) -> bool:
    """Whether an address is one of them, also wrapped into IPv6; False for what is no address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return any(a in network for a in _all_forms(address) for network in _NETWORKS)


def _all_forms(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    forms = [address]
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour]
        if address.teredo:
            inner.append(address.teredo[1])
        if address in _NAT64 or int(address) >> 32 == 0:  # and the old IPv4-compatible form
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        forms.extend(a for a in inner if a is not None)
    return forms
