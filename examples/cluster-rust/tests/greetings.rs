//! The controller on a cluster of `typekro cluster start`, which ends with the test.

use std::{env, error::Error, process, process::Command, time::Duration};

use greetings::{Greeting, GreetingSpec};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client, Config,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    runtime::wait::await_condition,
};
use serde_json::json;
use tokio::time::timeout;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A cluster with the definitions of `crds`.
struct Cluster(String);

impl Cluster {
    fn start(name: &str) -> Outcome<Self> {
        let cluster = Self(format!("{name}-{}", process::id()));
        typekro(&["cluster", "start", &cluster.0])?;
        typekro(&["cluster", "load", &cluster.0, "crds"])?;
        Ok(cluster)
    }

    async fn client(&self) -> Outcome<Client> {
        let text = typekro(&["cluster", "kubeconfig", &self.0])?;
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(Kubeconfig::from_yaml(&text)?, &options).await?;
        Ok(Client::try_from(config)?)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = typekro(&["cluster", "stop", &self.0]) {
            eprintln!("{error}");
        }
    }
}

/// TYPEKRO names another command, such as the program of a project that has TypeKro as a dependency.
fn typekro(words: &[&str]) -> Outcome<String> {
    let command = env::var("TYPEKRO").unwrap_or_else(|_| "npx --yes typekro".to_owned());
    let mut parts = command.split_whitespace();
    let output = Command::new(parts.next().ok_or("TYPEKRO is empty")?).args(parts).args(words).output()?;
    if !output.status.success() {
        return Err(format!("typekro {words:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn greeting(name: &str, addressee: &str) -> Greeting {
    Greeting::new(name, GreetingSpec { name: addressee.to_owned(), language: None })
}

async fn await_text(maps: &Api<ConfigMap>, text: &str) -> Outcome {
    let has_text = |map: Option<&ConfigMap>| map.and_then(|each| each.data.as_ref()?.get("text")).is_some_and(|t| t == text);
    timeout(Duration::from_secs(10), await_condition(maps.clone(), "ada", has_text)).await??;
    Ok(())
}

#[tokio::test]
async fn greeting_gets_a_config_map_and_a_status() -> Outcome {
    let cluster = Cluster::start("greetings")?;
    let client = cluster.client().await?;
    let controller = tokio::spawn(greetings::run(client.clone()));
    let greetings: Api<Greeting> = Api::namespaced(client.clone(), "default");
    let maps: Api<ConfigMap> = Api::namespaced(client, "default");

    greetings.create(&PostParams::default(), &greeting("ada", "Ada")).await?;
    await_text(&maps, "Hello, Ada!").await?;
    let change = json!({ "spec": { "language": "fr" } });
    greetings.patch("ada", &PatchParams::default(), &Patch::Merge(&change)).await?;
    await_text(&maps, "Bonjour, Ada!").await?;
    let has_status = |each: Option<&Greeting>| {
        each.and_then(|one| one.status.as_ref()?.text.as_deref()).is_some_and(|text| text == "Bonjour, Ada!")
    };
    timeout(Duration::from_secs(10), await_condition(greetings.clone(), "ada", has_status)).await??;

    greetings.delete("ada", &DeleteParams::default()).await?;
    let is_gone = |map: Option<&ConfigMap>| map.is_none();
    timeout(Duration::from_secs(10), await_condition(maps, "ada", is_gone)).await??;
    controller.abort();
    Ok(())
}

#[tokio::test]
async fn server_refuses_a_greeting_without_a_name() -> Outcome {
    let cluster = Cluster::start("greetings-refused")?;
    let greetings: Api<Greeting> = Api::namespaced(cluster.client().await?, "default");
    let refused = greetings.create(&PostParams::default(), &greeting("empty", "")).await;
    assert!(matches!(refused, Err(kube::Error::Api(status)) if status.code == 422));
    Ok(())
}
