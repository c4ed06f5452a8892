package com.example.greetings;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.net.HttpURLConnection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Writes the ConfigMap and the status of each Greeting. */
public class GreetingController implements AutoCloseable {
  private static final Map<String, String> WORDS = Map.of("en", "Hello", "fr", "Bonjour");
  private static final PatchContext APPLY =
      new PatchContext.Builder()
          .withPatchType(PatchType.SERVER_SIDE_APPLY)
          .withFieldManager("greetings")
          .withForce(true)
          .build();

  private static final Set<Integer> CHANGED = Set.of(HttpURLConnection.HTTP_NOT_FOUND, HttpURLConnection.HTTP_CONFLICT);

  private final KubernetesClient client;
  private final ExecutorService worker = Executors.newSingleThreadExecutor();
  private final SharedIndexInformer<Greeting> informer;

  /** Watches all namespaces, and returns when the first list is read. */
  public GreetingController(KubernetesClient client) {
    this.client = client;
    informer =
        client
            .resources(Greeting.class)
            .inAnyNamespace()
            .inform(
                new ResourceEventHandler<>() {
                  @Override
                  public void onAdd(Greeting greeting) {
                    enqueue(greeting);
                  }

                  @Override
                  public void onUpdate(Greeting old, Greeting greeting) {
                    enqueue(greeting);
                  }

                  @Override
                  public void onDelete(Greeting greeting, boolean unknown) {
                    // The ConfigMap has an owner reference, by which Kubernetes deletes it.
                  }
                });
  }

  private void enqueue(Greeting greeting) {
    worker.execute(() -> reconcile(greeting));
  }

  private void reconcile(Greeting greeting) {
    String text = WORDS.get(greeting.getSpec().language) + ", " + greeting.getSpec().name + "!";
    var config =
        new ConfigMapBuilder()
            .withNewMetadata()
            .withName(greeting.getMetadata().getName())
            .withNamespace(greeting.getMetadata().getNamespace())
            .addNewOwnerReference()
            .withApiVersion(greeting.getApiVersion())
            .withKind(greeting.getKind())
            .withName(greeting.getMetadata().getName())
            .withUid(greeting.getMetadata().getUid())
            .withController(true)
            .endOwnerReference()
            .endMetadata()
            .withData(Map.of("text", text))
            .build();
    client.resource(config).patch(APPLY);
    if (greeting.getStatus() != null && text.equals(greeting.getStatus().text)) return;
    try {
      client
          .resources(Greeting.class)
          .inNamespace(greeting.getMetadata().getNamespace())
          .withName(greeting.getMetadata().getName())
          .editStatus(
              latest -> {
                latest.setStatus(new Greeting.Status());
                latest.getStatus().text = text;
                return latest;
              });
    } catch (KubernetesClientException error) {
      // Another client changed or deleted the Greeting. The event of this change follows.
      if (!CHANGED.contains(error.getCode())) throw error;
    }
  }

  /** Ends after the last reconciliation. */
  @Override
  public void close() throws InterruptedException {
    informer.close();
    worker.shutdown();
    worker.awaitTermination(10, TimeUnit.SECONDS);
  }
}
