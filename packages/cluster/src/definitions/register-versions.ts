import { type KubeObject, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type ClusterClock, timestampOf } from '../cluster-clock.ts';
import { localCondition } from '../kinds/disruption-condition.ts';
import type { Store } from '../store/store.ts';
import type { Work } from '../work.ts';
import { GROUP, PLURAL } from './publish.ts';

const MANAGED = 'kube-aggregator.kubernetes.io/automanaged';

/** The parts of the cluster that `registerVersions` uses. */
export interface RegistrationContext {
  readonly store: Store;
  readonly work: Pick<Work, 'enqueue'>;
  readonly clock: ClusterClock;
  readonly newUid: () => string;
  /** Listeners that are called after the whole state of the cluster is replaced. */
  readonly onRestored: (() => void)[];
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/**
 * Keeps one APIService per group version that a CRD serves, as an API server does. An APIService that a user creates
 * for such a version is not changed.
 */
export function registerVersions(context: RegistrationContext): void {
  const { store, work } = context;
  const definitions = store.collection(GROUP, PLURAL);
  const services = store.collection('apiregistration.k8s.io', 'apiservices');
  const later = (place: GroupVersion) => work.enqueue(() => register(context, place));
  definitions.subscribe(({ stored, previous }) => {
    const places = [stored, previous].flatMap((each) => (each === undefined ? [] : versionsOf(each.object)));
    for (const place of new Map(places.map((each) => [each.version, each])).values()) later(place);
  });
  services.subscribe(({ stored: { object } }) => {
    if (isManaged(object)) later(placeOf(object));
  });
  const registerAll = () => {
    for (const { object } of definitions.all()) for (const place of versionsOf(object)) later(place);
    // The versions of existing APIServices are also checked, because their CRD may be gone.
    for (const { object } of services.all()) if (isManaged(object)) later(placeOf(object));
  };
  context.onRestored.push(registerAll);
  store.onRecovery(registerAll);
}

const isManaged = ({ metadata }: KubeObject): boolean => metadata.labels?.[MANAGED] === 'true';

const placeOf = ({ spec }: KubeObject): GroupVersion => ({
  group: textAt(spec, 'group'),
  version: textAt(spec, 'version'),
});

/** All versions of a CRD, served or not. */
const versionsOf = ({ spec }: KubeObject): GroupVersion[] =>
  objectsAt(spec, 'versions').map((version) => ({ group: textAt(spec, 'group'), version: textAt(version, 'name') }));

function register({ store, clock, newUid }: RegistrationContext, { group, version }: GroupVersion): void {
  const isServed = store
    .collection(GROUP, PLURAL)
    .all()
    .some(
      ({ object: { spec } }) =>
        textAt(spec, 'group') === group &&
        objectsAt(spec, 'versions').some((each) => textAt(each, 'name') === version && each['served'] === true),
    );
  const services = store.collection('apiregistration.k8s.io', 'apiservices');
  const name = `${version}.${group}`;
  const present = services.get(name)?.object;
  const isOwn = present !== undefined && isManaged(present);
  if (!isServed) {
    if (isOwn) services.remove(name);
    return;
  }
  const spec = { group, version, groupPriorityMinimum: 1000, versionPriority: 100 };
  if (present !== undefined) {
    if (isOwn && !(isJsonObject(present.spec) && jsonEquals(present.spec, spec)))
      services.put(name, { ...present, spec });
    return;
  }
  const now = timestampOf(clock);
  services.put(name, {
    kind: 'APIService',
    apiVersion: 'apiregistration.k8s.io/v1',
    metadata: { name, uid: newUid(), creationTimestamp: now, labels: { [MANAGED]: 'true' } },
    spec,
    status: { conditions: [localCondition(now)] },
  });
}
