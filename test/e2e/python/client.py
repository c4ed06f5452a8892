"""The Python client at work: typed and untyped calls, a watch, server-side apply, errors. Prints a line for each step."""

import sys

from kubernetes import client, config, dynamic, utils, watch

namespace = sys.argv[1]
config.load_kube_config()
core = client.CoreV1Api()
apps = client.AppsV1Api()

print("version", client.VersionApi().get_code().minor.rstrip("+"))

made = core.create_namespaced_config_map(
    namespace,
    client.V1ConfigMap(
        metadata=client.V1ObjectMeta(name="one", labels={"e2e": "yes"}), data={"a": "1"}
    ),
)
print("created", made.metadata.name, made.data["a"])

seen = []
watcher = watch.Watch()
for event in watcher.stream(
    core.list_namespaced_config_map,
    namespace,
    label_selector="e2e=yes",
    resource_version="0",
    timeout_seconds=20,
):
    seen.append(f'{event["type"]}:{event["object"].data["a"]}')
    if event["type"] == "ADDED":
        core.patch_namespaced_config_map("one", namespace, {"data": {"a": "2"}})
    elif event["type"] == "MODIFIED":
        core.delete_namespaced_config_map("one", namespace)
    else:
        watcher.stop()
print("watched", *seen)

try:
    core.read_namespaced_config_map("one", namespace)
except client.ApiException as error:
    print("error", error.status, error.reason)

labels = {"app": "web"}
apps.create_namespaced_deployment(
    namespace,
    client.V1Deployment(
        metadata=client.V1ObjectMeta(name="web"),
        spec=client.V1DeploymentSpec(
            replicas=2,
            selector=client.V1LabelSelector(match_labels=labels),
            template=client.V1PodTemplateSpec(
                metadata=client.V1ObjectMeta(labels=labels),
                spec=client.V1PodSpec(
                    containers=[client.V1Container(name="web", image="registry.k8s.io/pause:3.10")]
                ),
            ),
        ),
    ),
)
scaled = apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 3}})
print("scaled", scaled.spec.replicas, apps.read_namespaced_deployment("web", namespace).spec.replicas)

dynamic_client = dynamic.DynamicClient(client.ApiClient())
widgets = dynamic_client.resources.get(api_version="e2e.typekro.dev/v1", kind="Widget")
body = {
    "apiVersion": "e2e.typekro.dev/v1",
    "kind": "Widget",
    "metadata": {"name": "w"},
    "spec": {"colour": "blue"},
}
applied = widgets.server_side_apply(body=body, namespace=namespace, field_manager="python")
print("applied", applied.spec.colour, applied.spec.size)

body["spec"]["colour"] = "green"
try:
    widgets.server_side_apply(body=body, namespace=namespace, field_manager="python")
except dynamic.exceptions.UnprocessibleEntityError as error:
    print("refused", error.status)
print("listed", [item.metadata.name for item in widgets.get(namespace=namespace).items])

utils.create_from_dict(
    client.ApiClient(),
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}},
    namespace=namespace,
)
page = core.list_namespaced_secret(namespace, limit=1, field_selector="metadata.name=s")
print("secret", page.items[0].data["a"])
