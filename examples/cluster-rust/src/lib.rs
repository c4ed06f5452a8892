//! A small controller: it writes the ConfigMap and the status of each Greeting.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client, CustomResource, Resource, ResourceExt,
    api::{ObjectMeta, Patch, PatchParams},
    runtime::{Controller, controller::Action, watcher},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Names the addressee and the language.
#[derive(CustomResource, Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[kube(group = "example.com", version = "v1", kind = "Greeting", namespaced, status = "GreetingStatus")]
pub struct GreetingSpec {
    pub name: String,
    pub language: Option<String>,
}

/// Has the text of the ConfigMap.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct GreetingStatus {
    pub text: Option<String>,
}

async fn reconcile(greeting: Arc<Greeting>, client: Arc<Client>) -> kube::Result<Action> {
    let word = match greeting.spec.language.as_deref() {
        Some("fr") => "Bonjour",
        _ => "Hello",
    };
    let text = format!("{word}, {}!", greeting.spec.name);
    let (name, namespace) = (greeting.name_any(), greeting.namespace().unwrap_or_default());
    let config = ConfigMap {
        metadata: ObjectMeta {
            name: Some(name.clone()),
            owner_references: Some(greeting.controller_owner_ref(&()).into_iter().collect()),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([("text".to_owned(), text.clone())])),
        ..ConfigMap::default()
    };
    let apply = PatchParams::apply("greetings").force();
    let maps: Api<ConfigMap> = Api::namespaced(Client::clone(&client), &namespace);
    maps.patch(&name, &apply, &Patch::Apply(&config)).await?;
    let greetings: Api<Greeting> = Api::namespaced(Client::clone(&client), &namespace);
    let status = json!({ "status": { "text": text } });
    greetings.patch_status(&name, &PatchParams::default(), &Patch::Merge(&status)).await?;
    Ok(Action::await_change())
}

/// Runs the controller for all namespaces, until the future is dropped.
pub async fn run(client: Client) {
    let retry = |_: Arc<Greeting>, _: &kube::Error, _: Arc<Client>| Action::requeue(Duration::from_millis(100));
    Controller::new(Api::<Greeting>::all(client.clone()), watcher::Config::default())
        .owns(Api::<ConfigMap>::all(client.clone()), watcher::Config::default())
        .run(reconcile, retry, Arc::new(client))
        .for_each(|_| futures::future::ready(()))
        .await;
}
