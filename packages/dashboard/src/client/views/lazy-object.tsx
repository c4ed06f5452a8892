import type { JSX } from 'preact';
import type { ObjectRef } from '@typekro/kit/core';
import type { InstanceDetail } from '@typekro/controller/inspect';
import { LazyView } from '../shared/lazy-view.tsx';

interface OfObject {
  readonly instance: string;
  readonly object: ObjectRef;
}

const load = () => import('./object-panels.tsx').then(({ ObjectPanel }) => ObjectPanel);
const loadLogs = () => import('./object-panels.tsx').then(({ LogsPanel }) => LogsPanel);

/** One object, desired and live. The script is loaded when the first object is shown. */
export const LazyObject = (props: OfObject): JSX.Element => <LazyView load={load} what="the object" props={props} />;

/** The logs of the pods of an object. The script is loaded when logs are shown for the first time. */
export const LazyLogs = (props: OfObject): JSX.Element => <LazyView load={loadLogs} what="the logs" props={props} />;

const loadParts = () => import('./object-panels.tsx').then(({ InstanceParts }) => InstanceParts);

/** The conditions and the spec of an instance. */
export const LazyParts = (props: { readonly detail: InstanceDetail }): JSX.Element => (
  <LazyView load={loadParts} what="the instance" props={props} />
);
