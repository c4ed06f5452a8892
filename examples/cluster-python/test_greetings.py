import os
import time

import pytest
from kopf.testing import KopfRunner
from kubernetes import client, dynamic

CONTROLLER = os.path.join(os.path.dirname(__file__), "greetings.py")


def greeting(name, addressee):
    return {
        "apiVersion": "example.com/v1",
        "kind": "Greeting",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"name": addressee},
    }


def eventually(check):
    """Repeats a check until its assertions hold, at most ten seconds."""
    end = time.monotonic() + 10
    while True:
        try:
            return check()
        except (AssertionError, client.ApiException):
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


@pytest.fixture
def greetings(api):
    return dynamic.DynamicClient(api).resources.get(api_version="example.com/v1", kind="Greeting")


def test_greeting_gets_a_config_map_and_a_status(api, greetings):
    core = client.CoreV1Api(api)

    def has_text(text):
        config_map = core.read_namespaced_config_map("ada", "default")
        assert config_map.data == {"text": text}
        current = greetings.get(name="ada", namespace="default").to_dict()
        assert current.get("status", {}).get("text") == text
        return config_map

    def is_gone():
        assert not core.list_namespaced_config_map("default", field_selector="metadata.name=ada").items

    with KopfRunner(["run", "--all-namespaces", "--standalone", CONTROLLER]) as controller:
        greetings.create(body=greeting("ada", "Ada"))
        config_map = eventually(lambda: has_text("Hello, Ada!"))
        assert [owner.name for owner in config_map.metadata.owner_references] == ["ada"]
        change = {"spec": {"language": "fr"}}
        greetings.patch(name="ada", namespace="default", body=change, content_type="application/merge-patch+json")
        eventually(lambda: has_text("Bonjour, Ada!"))
        greetings.delete(name="ada", namespace="default")
        eventually(is_gone)
    assert controller.exception is None and controller.exit_code == 0


def test_server_refuses_a_greeting_without_a_name(greetings):
    with pytest.raises(dynamic.exceptions.UnprocessibleEntityError):
        greetings.create(body=greeting("empty", ""))
