"""Forwards ports of the pod `p` with the Python client, and prints what comes back."""

import sys

from kubernetes import client, config
from kubernetes.stream import portforward

config.load_kube_config()
ports = [int(port) for port in sys.argv[1:]]
forwarded = portforward(
    client.CoreV1Api().connect_get_namespaced_pod_portforward, "p", "default", ports=",".join(sys.argv[1:])
)
sockets = [forwarded.socket(port) for port in ports]
for port, socket in zip(ports, sockets):
    socket.setblocking(True)
    socket.sendall(str(port).encode())
for port, socket in zip(ports, sockets):
    received = b""
    while chunk := socket.recv(1024):
        received += chunk
    print(port, received.decode(), forwarded.error(port) or "")
