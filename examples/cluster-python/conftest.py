import os
import shlex
import subprocess

import pytest
from kubernetes import config

# TYPEKRO names another command, such as the program of a project that has TypeKro as a dependency.
TYPEKRO = shlex.split(os.environ.get("TYPEKRO", "npx --yes typekro"))


def typekro(*words):
    return subprocess.run([*TYPEKRO, *words], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@pytest.fixture(scope="session")
def cluster():
    """The name of a cluster with the definitions of `crds`. It ends with the tests."""
    name = f"greetings-{os.getpid()}"
    typekro("cluster", "start", name)
    try:
        typekro("cluster", "load", name, os.path.join(os.path.dirname(__file__), "crds"))
        os.environ["KUBECONFIG"] = typekro("cluster", "kubeconfig", name, "-o", "path")
        yield name
    finally:
        typekro("cluster", "stop", name)


@pytest.fixture(scope="session")
def api(cluster):
    # The client has read KUBECONFIG at its import, when the variable had no value.
    with config.new_client_from_config(os.environ["KUBECONFIG"]) as made:
        yield made
