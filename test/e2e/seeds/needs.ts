import { ANYTHING, crdOf } from '../../support/crd.ts';

/** The part of Prometheus' ServiceMonitor that the seeds use. */
export const monitorCrd = crdOf(
  'ServiceMonitor',
  { properties: { spec: ANYTHING } },
  { group: 'monitoring.coreos.com' },
);
