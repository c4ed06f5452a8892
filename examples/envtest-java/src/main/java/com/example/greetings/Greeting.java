package com.example.greetings;

import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Version;

/** Requests a ConfigMap with a greeting. */
@Group("example.com")
@Version("v1")
public class Greeting extends CustomResource<Greeting.Spec, Greeting.Status> implements Namespaced {

  /** Names the addressee and the language. */
  public static class Spec {
    public String name;
    public String language;
  }

  /** Has the text of the ConfigMap. */
  public static class Status {
    public String text;
  }
}
