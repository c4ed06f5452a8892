"""A controller with kopf: it writes the ConfigMap and the status of each Greeting."""

import os

import kopf
from kubernetes import client, config

WORDS = {"en": "Hello", "fr": "Bonjour"}


@kopf.on.login()
def log_in(**keywords):
    # Other logins of kopf read KUBECONFIG when the client library is imported, which is too early for a test.
    return kopf.login_with_kubeconfig(**keywords)


@kopf.on.startup()
def connect(memo, **_):
    memo.core = client.CoreV1Api(config.new_client_from_config(os.environ.get("KUBECONFIG")))


@kopf.on.resume("example.com", "v1", "greetings")
@kopf.on.create("example.com", "v1", "greetings")
@kopf.on.update("example.com", "v1", "greetings", field="spec")
def reconcile(spec, name, namespace, patch, memo, **_):
    text = f"{WORDS[spec['language']]}, {spec['name']}!"
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": {"text": text},
    }
    # The ConfigMap gets the namespace and an owner reference, by which Kubernetes deletes it with the Greeting.
    kopf.adopt(config_map)
    memo.core.patch_namespaced_config_map(
        name,
        namespace,
        config_map,
        field_manager="greetings",
        force=True,
        _content_type="application/apply-patch+yaml",
    )
    patch.status["text"] = text
