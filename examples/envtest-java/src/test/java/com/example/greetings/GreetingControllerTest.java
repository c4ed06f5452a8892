package com.example.greetings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fabric8.kubeapitest.junit.EnableKubeAPIServer;
import io.fabric8.kubeapitest.junit.KubeConfig;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.File;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@EnableKubeAPIServer
class GreetingControllerTest {
  @KubeConfig static String kubeConfig;
  static KubernetesClient client;

  @BeforeAll
  static void installDefinition() {
    client = new KubernetesClientBuilder().withConfig(Config.fromKubeconfig(kubeConfig)).build();
    var definition = client.apiextensions().v1().customResourceDefinitions().load(new File("crds/greetings.yaml"));
    definition.create();
    definition.waitUntilCondition(
        each ->
            each.getStatus() != null
                && each.getStatus().getConditions().stream()
                    .anyMatch(one -> one.getType().equals("Established") && one.getStatus().equals("True")),
        10,
        TimeUnit.SECONDS);
  }

  @AfterAll
  static void closeClient() {
    client.close();
  }

  private static Greeting greeting(String name, String addressee) {
    var greeting = new Greeting();
    greeting.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace("default").build());
    greeting.setSpec(new Greeting.Spec());
    greeting.getSpec().name = addressee;
    return greeting;
  }

  private static void awaitText(String name, String text) {
    client
        .configMaps()
        .inNamespace("default")
        .withName(name)
        .waitUntilCondition(map -> map != null && text.equals(map.getData().get("text")), 10, TimeUnit.SECONDS);
  }

  @Test
  void greetingGetsAConfigMapAndAStatus() throws InterruptedException {
    try (var controller = new GreetingController(client)) {
      client.resource(greeting("ada", "Ada")).create();
      awaitText("ada", "Hello, Ada!");
      var ada = client.resources(Greeting.class).inNamespace("default").withName("ada");
      ada.waitUntilCondition(
          each -> each.getStatus() != null && "Hello, Ada!".equals(each.getStatus().text), 10, TimeUnit.SECONDS);
      ada.edit(
          each -> {
            each.getSpec().language = "fr";
            return each;
          });
      awaitText("ada", "Bonjour, Ada!");
    }
  }

  @Test
  void serverRefusesAGreetingWithoutAName() {
    var error = assertThrows(KubernetesClientException.class, () -> client.resource(greeting("empty", "")).create());
    assertEquals(422, error.getCode());
  }
}
