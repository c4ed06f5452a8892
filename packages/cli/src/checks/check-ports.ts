import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { grouped, isJsonObject, nearestName, oncePerObject, stringifyJson } from '@typekro/kit/core';
import { type PathStep, NameText } from '@typekro/engine/graph';
import type { WrittenObject } from '../inputs/manifest.ts';
import {
  at,
  compareFieldValues,
  containerFields,
  entriesAt,
  isComputedAt,
  mayShareNamespace,
  podPath,
  textIn,
} from '../inputs/manifest.ts';
import { ingressBackends, namedLike } from './object-references.ts';

/** A reference that an API server accepts, but that cannot work with the other objects. */
export interface Mismatch {
  readonly code: 'input/missing-reference' | 'input/missing-key' | 'input/port-mismatch';
  /** The path of the problem in the object. */
  readonly path: readonly PathStep[];
  readonly message: string;
  readonly hint: string;
}

/** Returns the references to ports that no container or Service has. */
export function portProblems(manifest: WrittenObject, all: readonly WrittenObject[]): Mismatch[] {
  if (!manifest.builtin || manifest.external) return [];
  const { kind, object } = manifest;
  const pod = podPath(manifest);
  if (pod !== undefined) return probeProblems(manifest, pod);
  if (kind === 'Service') return serviceProblems(manifest, all);
  return kind === 'Ingress'
    ? ingressBackends(object).flatMap(({ entry, path }) => backendProblems(manifest, entry, path, all))
    : [];
}

/** A port of a container or Service. Its number and name may be expressions of the manifest `holder`. */
interface Offer {
  readonly holder: WrittenObject;
  readonly number: JsonValue | undefined;
  readonly name: JsonValue | undefined;
}

/** Returns the ports of a pod's containers, or `undefined` when an expression computes a list. */
function containerPorts(holder: WrittenObject, pod: readonly string[]): readonly Offer[] | undefined {
  const containers = containerFields(holder.object, pod);
  const lists = containers.map(({ entry }) => entry['ports']);
  const written = ['containers', 'initContainers'].map((list) => at(holder.object, ...pod, 'spec', list));
  const [own, initial = []] = written;
  const whole = own !== undefined && isList(own) && isList(initial);
  if (!whole || !lists.every((list) => list === undefined || isList(list))) return undefined;
  return containers.flatMap(({ entry }) => offersOf(holder, entriesAt(entry, 'ports'), 'containerPort'));
}

function offersOf(holder: WrittenObject, ports: ReturnType<typeof entriesAt>, number: string): Offer[] {
  return ports.map(({ entry }) => ({ holder, number: entry[number], name: entry['name'] }));
}

const isList = (value: JsonValue): boolean => Array.isArray(value) && value.every(isJsonObject);

/** Is it certain that none of the offers has this port number or name? */
function isMissing(referrer: WrittenObject, port: JsonValue, offers: readonly Offer[]): boolean {
  const text = textIn(referrer, port);
  if (text === undefined) return false;
  // An expression can evaluate to a number or a name.
  const open = !NameText.isConstant(text);
  return offers.every(({ holder, number, name }) => {
    const differs = (value: JsonValue | undefined): boolean =>
      value === undefined || compareFieldValues(referrer, port, holder, value) === 'different';
    if (open) return differs(number) && differs(name);
    return typeof port === 'string' ? differs(name) : differs(number);
  });
}

function serviceProblems(service: WrittenObject, all: readonly WrittenObject[]): Mismatch[] {
  const selector = at(service.object, 'spec', 'selector');
  if (!isJsonObject(selector) || Object.keys(selector).length === 0) return [];
  const pods = candidates(service, selector, all)
    .filter(({ holder, pod }) => couldSelect(service, selector, holder, pod))
    .map(({ holder, pod }) => containerPorts(holder, pod));
  // If an expression computes the ports of a pod, any port can exist, so nothing is reported. Numbers are reported only
  // if every pod lists ports, because a container is not required to list them.
  const listed = pods.every((ports): ports is readonly Offer[] => ports !== undefined) ? pods : [];
  const offers = listed.flat();
  if (listed.length === 0) return [];
  return entriesAt(service.object, 'spec', 'ports').flatMap(({ entry, path }) => {
    const given = entry['targetPort'];
    const port = given ?? entry['port'];
    const named = typeof port === 'string' && isNamed(service, port);
    if (port === undefined || isDigits(port) || (!named && listed.some((ports) => ports.length === 0))) return [];
    if (!isMissing(service, port, offers)) return [];
    const place = [...path, given === undefined ? 'port' : 'targetPort'];
    const absence = 'no container of the pods that it selects has';
    const remedy = given === undefined ? 'add targetPort' : 'correct targetPort';
    return [mismatch(service, port, place, offers, absence, remedy, 'the container')];
  });
}

/** The namespace and the labels, each with its text; the text is empty if it is not constant. */
const traitsOf = (manifest: WrittenObject, labels: JsonObject): (readonly [field: string, text: string])[] =>
  Object.entries({ ...labels, '': at(manifest.object, 'metadata', 'namespace') }).map(([field, value]) => {
    const text = textIn(manifest, value);
    return [field, text !== undefined && NameText.isConstant(text) ? NameText.shown(text) : ''];
  });

/** The trait of workloads whose labels an expression computes. */
const ANY = ['*', ''] as const;

const workloadsOf = oncePerObject((all: readonly WrittenObject[]) => {
  const workloads = all.flatMap((holder, place) => {
    const pod = podPath(holder);
    return pod === undefined ? [] : [{ holder, pod, place }];
  });
  const entries = workloads.flatMap((workload) => {
    const path = [...workload.pod, 'metadata', 'labels'];
    const labels = at(workload.holder.object, ...path);
    const traits = traitsOf(workload.holder, isJsonObject(labels) ? labels : {});
    if (isComputedAt(workload.holder, ...path)) traits.push(ANY);
    return traits.map((trait) => ({ workload, trait: stringifyJson([...trait]) }));
  });
  return { workloads, byTrait: grouped(entries, ({ trait }) => trait) };
});

/** The workloads with the rarest trait that the Service asks for, because a file may have thousands of both. */
function candidates(service: WrittenObject, selector: JsonObject, all: readonly WrittenObject[]) {
  const { workloads, byTrait } = workloadsOf(all);
  const wanted = traitsOf(service, selector).filter(([, text]) => text !== '');
  const [rarest] = wanted
    .map(([field, text]) =>
      [[field, text], [field, ''], ANY].flatMap((trait) => byTrait.get(stringifyJson([...trait])) ?? []),
    )
    .toSorted((a, b) => a.length - b.length);
  const found = rarest === undefined ? workloads : new Set(rarest.map(({ workload }) => workload));
  return [...found].toSorted((a, b) => a.place - b.place);
}

function isNamed(manifest: WrittenObject, port: JsonValue): boolean {
  const text = textIn(manifest, port);
  return text !== undefined && NameText.isConstant(text);
}

function couldSelect(
  service: WrittenObject,
  selector: JsonObject,
  holder: WrittenObject,
  pod: readonly string[],
): boolean {
  if (!mayShareNamespace(service, holder)) return false;
  const path = [...pod, 'metadata', 'labels'];
  const labels = at(holder.object, ...path);
  // If an expression computes all labels or the key of a label, any labels are possible.
  if (isComputedAt(holder, ...path)) return true;
  if (!isJsonObject(labels)) return false;
  return Object.entries(selector).every(
    ([key, value]) =>
      Object.hasOwn(labels, key) && compareFieldValues(service, value, holder, labels[key]) !== 'different',
  );
}

function backendProblems(
  ingress: WrittenObject,
  backend: JsonObject,
  path: readonly PathStep[],
  all: readonly WrittenObject[],
): Mismatch[] {
  const name = textIn(ingress, backend['name']);
  if (name === undefined) return [];
  const possible = namedLike('Service', name, all).flatMap((holder) => {
    const { builtin, kind, object } = holder;
    if (!builtin || kind !== 'Service' || at(object, 'spec', 'type') === 'ExternalName') return [];
    const relation = compareFieldValues(ingress, backend['name'], holder, at(object, 'metadata', 'name'));
    return relation === 'different' || !mayShareNamespace(ingress, holder) ? [] : [{ holder, relation }];
  });
  const [only] = possible;
  if (only === undefined || possible.length > 1 || only.relation !== 'equal' || only.holder.external) return [];
  const { holder } = only;
  const ports = at(holder.object, 'spec', 'ports');
  if (ports === undefined || !isList(ports)) return [];
  const offers = offersOf(holder, entriesAt(holder.object, 'spec', 'ports'), 'port');
  return ['number', 'name'].flatMap((field) => {
    const port = at(backend, 'port', field);
    if (port === undefined || !isMissing(ingress, port, offers)) return [];
    const place = [...path, 'port', field];
    return [
      mismatch(ingress, port, place, offers, 'its backend Service does not have', `correct ${field}`, 'the Service'),
    ];
  });
}

/** Returns the problems of probes that name a port which their container does not have. */
function probeProblems(manifest: WrittenObject, pod: readonly string[]): Mismatch[] {
  return containerFields(manifest.object, pod).flatMap(({ entry, path }) => {
    const ports = entry['ports'];
    if (ports !== undefined && !isList(ports)) return [];
    const offers = offersOf(manifest, entriesAt(entry, 'ports'), 'containerPort');
    return ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((probe) =>
      ['httpGet', 'tcpSocket'].flatMap((handler) => {
        const place = [probe, handler, 'port'];
        const port = at(entry, ...place);
        if (
          typeof port !== 'string' ||
          isDigits(port) ||
          !isNamed(manifest, port) ||
          !isMissing(manifest, port, offers)
        )
          return [];
        const absence = 'its container does not have';
        return [mismatch(manifest, port, [...path, ...place], offers, absence, 'correct port', 'the container')];
      }),
    );
  });
}

/** Is the port a quoted number? An API server refuses it as a port name. */
const isDigits = (port: JsonValue): boolean => typeof port === 'string' && /^\d+$/.test(port);

function mismatch(
  referrer: WrittenObject,
  port: JsonValue,
  path: readonly PathStep[],
  offers: readonly Offer[],
  absence: string,
  remedy: string,
  owner: string,
): Mismatch {
  const shown = (holder: WrittenObject, value: JsonValue | undefined): string[] => {
    const text = textIn(holder, value);
    return text === undefined ? [] : [NameText.shown(text)];
  };
  const byName = typeof port === 'string' && isNamed(referrer, port);
  const names = offers.flatMap(({ holder, name }) => shown(holder, name));
  const numbers = offers.flatMap(({ holder, number }) => shown(holder, number));
  const [text = ''] = shown(referrer, port);
  const near = byName ? nearestName(text, names) : undefined;
  const offered = [
    ...(numbers.length === 0 ? [] : [`the ports are ${[...new Set(numbers)].join(', ')}`]),
    ...(names.length === 0 ? [] : [`the names of ports are ${[...new Set(names)].join(', ')}`]),
  ];
  return {
    code: 'input/port-mismatch',
    path,
    message: `it refers to the port ${byName ? `named "${text}"` : text}, which ${absence}`,
    hint:
      near === undefined
        ? `${offered.length === 0 ? `${owner} lists no port` : offered.join('; ')}: ${remedy}, or add the port to ${owner}`
        : `did you mean ${near}?`,
  };
}
