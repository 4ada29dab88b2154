#!/usr/bin/env python3
"""Enforces NetworkPolicies on the one node of the lab, because a bridge enforces none.

Asks for pods, namespaces and policies every second, and writes one table of nftables when what follows from them changes.
Knows ingress, egress, podSelector, namespaceSelector, ipBlock with except, ports by number and name, endPort and
policyTypes; IPv4 only. Traffic between the node itself and pods is let through, as most networks do: kubelet probes.

usage, inside of the network namespace of the node: enforce-network-policies.py KUBECONFIG
"""
import base64
import json
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

INTERVAL_SECONDS = 1
TABLE = "inet backed_up_lab"


class Api:
    """The API server of a kubeconfig that is JSON and carries a client certificate."""

    def __init__(self, kubeconfig):
        with open(kubeconfig, encoding="utf-8") as file:
            config = json.load(file)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self.server = cluster["server"]
        self.tls = ssl.create_default_context(cadata=authority)
        with tempfile.NamedTemporaryFile() as both:
            both.write(base64.b64decode(user["client-certificate-data"]))
            both.write(base64.b64decode(user["client-key-data"]))
            both.flush()
            self.tls.load_cert_chain(both.name)

    def items(self, path):
        # Out of the cache of the server: what is a moment old is good enough.
        request = f"{self.server}{path}?resourceVersion=0"
        with urllib.request.urlopen(request, context=self.tls, timeout=5) as response:
            return json.load(response)["items"]


class Pod:
    def __init__(self, pod):
        self.namespace = pod["metadata"]["namespace"]
        self.labels = pod["metadata"].get("labels") or {}
        self.address = pod["status"]["podIP"]
        self.ports = {
            port["name"]: (port.get("protocol", "TCP"), port["containerPort"])
            for container in pod["spec"]["containers"]
            for port in container.get("ports") or []
            if "name" in port
        }


def has_address_of_its_own(pod):
    alive = pod["status"].get("phase") in ("Pending", "Running")
    return alive and bool(pod["status"].get("podIP")) and not pod["spec"].get("hostNetwork")


def selects(selector, labels):
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(meets(each, labels) for each in selector.get("matchExpressions") or [])


def meets(expression, labels):
    key, values = expression["key"], expression.get("values") or []
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[expression["operator"]]


class Ruleset:
    def __init__(self, namespaces, pods, policies):
        self.namespaces = {each["metadata"]["name"]: each["metadata"].get("labels") or {} for each in namespaces}
        self.pods = [Pod(pod) for pod in pods if has_address_of_its_own(pod)]
        # (direction, address of the pod) -> what is let through. Whoever is not here is not isolated.
        self.allowed = {}
        for policy in policies:
            self.add(policy["metadata"]["namespace"], policy["spec"])

    def add(self, namespace, spec):
        types = spec.get("policyTypes") or ["Ingress"] + (["Egress"] if "egress" in spec else [])
        for pod in self.pods:
            if pod.namespace != namespace or not selects(spec.get("podSelector") or {}, pod.labels):
                continue
            for direction in types:
                allowed = self.allowed.setdefault((direction, pod.address), set())
                for rule in spec.get(direction.lower()) or []:
                    allowed.update(self.matches(direction, namespace, pod, rule))

    def matches(self, direction, namespace, pod, rule):
        """What the rule lets through, in the words of nftables."""
        side, field = ("saddr", "from") if direction == "Ingress" else ("daddr", "to")
        receivers = [pod] if direction == "Ingress" else self.pods
        ports = [match for port in rule.get("ports") or [] for match in port_matches(port, receivers)]
        if not rule.get("ports"):
            ports = [""]
        peers = [self.peer_match(side, namespace, peer) for peer in rule[field]] if rule.get(field) else [""]
        return {f"{peer} {port} return".strip() for peer in peers if peer is not None for port in ports}

    def peer_match(self, side, namespace, peer):
        """None for a peer that nobody is."""
        block = peer.get("ipBlock")
        if block is not None:
            if ":" in block["cidr"]:
                return None
            excepted = block.get("except") or []
            but = f" ip {side} != {{ {', '.join(excepted)} }}" if excepted else ""
            return f"ip {side} {block['cidr']}{but}"
        addresses = sorted({other.address for other in self.pods if self.is_peer(namespace, peer, other)})
        return f"ip {side} {{ {', '.join(addresses)} }}" if addresses else None

    def is_peer(self, namespace, peer, pod):
        namespaces = peer.get("namespaceSelector")
        near = pod.namespace == namespace if namespaces is None else selects(namespaces, self.namespaces[pod.namespace])
        return near and selects(peer.get("podSelector") or {}, pod.labels)

    def text(self):
        chains, jumps = [], []
        for (direction, address), allowed in sorted(self.allowed.items()):
            chain = f"{direction.lower()}_{address.replace('.', '_')}"
            side = "daddr" if direction == "Ingress" else "saddr"
            jumps.append(f"    ip {side} {address} jump {chain}")
            chains += [f"  chain {chain} {{", *(f"    {rule}" for rule in sorted(allowed)), "    counter drop", "  }"]
        hook = ["    type filter hook forward priority 0; policy accept;", "    ct state established,related accept"]
        # A chain has to stand before what jumps to it.
        return "\n".join([f"table {TABLE} {{", *chains, "  chain forward {", *hook, *jumps, "  }", "}", ""])


def port_matches(port, receivers):
    """A port by name is looked up in the pods that receive the traffic."""
    protocol, number = port.get("protocol", "TCP"), port.get("port")
    if number is None:
        return [f"meta l4proto {protocol.lower()}"]
    if isinstance(number, int):
        end = f"-{port['endPort']}" if "endPort" in port else ""
        return [f"{protocol.lower()} dport {number}{end}"]
    return [
        f"ip daddr {pod.address} {protocol.lower()} dport {pod.ports[number][1]}"
        for pod in receivers
        if pod.ports.get(number, ("", 0))[0] == protocol
    ]


def main():
    api = Api(sys.argv[1])
    written = None
    while True:
        try:
            pods, namespaces = api.items("/api/v1/pods"), api.items("/api/v1/namespaces")
            policies = api.items("/apis/networking.k8s.io/v1/networkpolicies")
            text = Ruleset(namespaces, pods, policies).text()
            if text != written:
                replacement = f"table {TABLE}\ndelete table {TABLE}\n{text}"
                subprocess.run(["nft", "--file", "-"], input=replacement, text=True, check=True)
                written = text
                print(time.strftime("%FT%TZ", time.gmtime()), text.count("counter drop"), "isolated sides", flush=True)
        except (OSError, KeyError, subprocess.CalledProcessError) as error:
            # A pod of a namespace that is a moment younger than the list, or an API server that is busy: the rules stay.
            print(repr(error), flush=True)
        time.sleep(INTERVAL_SECONDS)


main()
