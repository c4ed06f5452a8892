import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: write the address, name or version of the chart where it is used, in helmRepository and helmRelease
 * of typekro/helm.
 */
export const {
  DEFAULT_NACK_REPOSITORY_NAME,
  DEFAULT_NACK_VERSION,
  DEFAULT_NATS_REPOSITORY_NAME,
  DEFAULT_NATS_REPOSITORY_URL,
  DEFAULT_NATS_VERSION,
} = movedNames(
  'write the address, name or version of the chart where it is used, in helmRepository and helmRelease of typekro/helm',
  [
    'DEFAULT_NACK_REPOSITORY_NAME',
    'DEFAULT_NACK_VERSION',
    'DEFAULT_NATS_REPOSITORY_NAME',
    'DEFAULT_NATS_REPOSITORY_URL',
    'DEFAULT_NATS_VERSION',
  ],
);

/**
 * Removed in 1.0: the types and checks come with the factories of this entry point; a composition declares its own
 * spec.
 */
export const {
  JetStreamConsumerConfigSchema,
  JetStreamStreamConfigSchema,
  NackControllerBootstrapConfigSchema,
  NackControllerBootstrapStatusSchema,
  NatsBootstrapConfigSchema,
  NatsBootstrapStatusSchema,
} = movedNames(
  'the types and checks come with the factories of this entry point; a composition declares its own spec',
  [
    'JetStreamConsumerConfigSchema',
    'JetStreamStreamConfigSchema',
    'NackControllerBootstrapConfigSchema',
    'NackControllerBootstrapStatusSchema',
    'NatsBootstrapConfigSchema',
    'NatsBootstrapStatusSchema',
  ],
);

/** Removed in 1.0: use consumer. */
export const { jetStreamConsumer } = movedNames('use consumer', ['jetStreamConsumer']);

/** Removed in 1.0: use stream. */
export const { jetStreamStream } = movedNames('use stream', ['jetStreamStream']);

/**
 * Removed in 1.0: deploy the chart of NATS with helmRelease and helmRepository of typekro/helm; `typekro generate
 * --chart` makes types for the values of the chart.
 */
export const {
  makeNatsBootstrap,
  nackControllerBootstrap,
  nackControllerInstallation,
  natsBootstrap,
  natsHelmRelease,
  natsHelmRepository,
  natsInstallation,
} = movedNames(
  'deploy the chart of NATS with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
  [
    'makeNatsBootstrap',
    'nackControllerBootstrap',
    'nackControllerInstallation',
    'natsBootstrap',
    'natsHelmRelease',
    'natsHelmRepository',
    'natsInstallation',
  ],
);
