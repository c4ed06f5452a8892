import { ConfigMap } from './config-map.ts';
import { Deployment } from './deployment.ts';
import { HelmChart } from './helm-chart.ts';
import { Hpa } from './hpa.ts';
import { Ingress } from './ingress.ts';
import { NetworkPolicy } from './network-policy.ts';
import { Secret } from './secret.ts';
import { Service } from './service.ts';
import { PersistentVolume, Pvc } from './storage.ts';
import { CronJob, DaemonSet, Job, StatefulSet } from './workload-factories.ts';

/** All simple factories under one name: `simple.Deployment({ … })`. */
export const simple = {
  ConfigMap,
  CronJob,
  DaemonSet,
  Deployment,
  HelmChart,
  Hpa,
  Ingress,
  Job,
  NetworkPolicy,
  PersistentVolume,
  Pvc,
  Secret,
  Service,
  StatefulSet,
} as const;
