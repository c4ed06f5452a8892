import { ANYTHING, crdOf } from '../../support/crd.ts';

/** Prometheus' ServiceMonitor, as much of it as the seeds use. */
export const monitorCrd = crdOf(
  'ServiceMonitor',
  { properties: { spec: ANYTHING } },
  { group: 'monitoring.coreos.com' },
);
