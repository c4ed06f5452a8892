import type { KubeObject } from '@typekro/kit/core';
import { ApiError, internalError, invalid } from '../errors/api-error.ts';
import { copyJson } from '../types/parts.ts';
import { strategyOf } from './index.ts';
import { validateMeta } from './metadata.ts';
import { createServiceAddresses } from './network/service-addresses.ts';
import type { MutableObject, Strategy, WriteContext } from './strategy.ts';
import { Problems } from '../errors/field-problems.ts';

/** The properties of a built-in kind on which the stored form of its objects depends. */
export interface NewObjectKind {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  /** Does the kind have the subresource `status`? */
  readonly hasStatus: boolean;
}

/** The object as a server stores it, or the message with which the server refuses it. */
export type NewObject = { readonly object: KubeObject } | { readonly refusal: string };

/** Converts objects of built-in kinds to the form in which an API server stores them, without a server and a store. */
export interface NewObjects {
  /**
   * Completes and validates a new object: sets defaults, allocates addresses and ports, sets the initial status, and
   * applies the rules of the kind. The caller sets the members of `metadata` that a server sets. If the kind has no
   * generations, the generation is removed. Admission does not run. Kinds whose checks need the schema engine or Node's
   * cryptography are not checked.
   */
  create(object: KubeObject, kind: NewObjectKind): NewObject;
  /** The object with the defaults of its kind. */
  withDefaults(object: KubeObject, kind: NewObjectKind): KubeObject;
}

/** The default range of Service addresses. */
const SERVICE_CIDR = '10.96.0.0/16';

/** The groups whose checks need the schema engine, or the cryptography of Node. */
const UNCHECKED_GROUPS: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'certificates.k8s.io',
]);

/**
 * Returns a converter whose address and port ranges are still unused. Each created Service allocates from them.
 *
 * @param timestamp the creation time of the objects, in RFC 3339 format
 */
export function newObjects(timestamp: string): NewObjects {
  const context = contextOf(timestamp);
  return {
    create(sent, kind) {
      const strategy = strategyOf(kind.group, kind.plural, kind.hasStatus);
      try {
        return { object: created(sent, kind, strategy, context) };
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        return { refusal: error.message };
      }
    },
    withDefaults(object, { group, plural, hasStatus }) {
      const copy: MutableObject = copyJson(object);
      strategyOf(group, plural, hasStatus).defaults?.(copy);
      return copy;
    },
  };
}

function created(sent: KubeObject, kind: NewObjectKind, strategy: Strategy, context: WriteContext): KubeObject {
  const object: MutableObject = copyJson(sent);
  strategy.defaults?.(object);
  if (strategy.hasStatus && strategy.keepsStatus !== true) object.status = {};
  if (!strategy.hasGeneration) delete object.metadata.generation;
  strategy.prepareCreate?.(object, context);
  const problems = new Problems();
  validateMeta(object, { group: kind.group, custom: undefined }, strategy, problems);
  if (!UNCHECKED_GROUPS.has(kind.group)) strategy.validate?.(object, problems, context);
  if (problems.length > 0) throw invalid(kind.group, kind.kind, object.metadata.name ?? '', problems);
  return object;
}

/** The context of a write to an empty server, by a user who may do everything. */
function contextOf(timestamp: string): WriteContext {
  const nothing = { size: 0, get: () => undefined, all: () => [], inNamespace: () => [] };
  let names = 0;
  return {
    store: { collection: () => nothing },
    kinds: { findKind: () => undefined },
    allowsAll: true,
    addresses: createServiceAddresses(SERVICE_CIDR),
    schemas() {
      throw internalError('there is no schema engine');
    },
    newUid: () => `00000000-0000-4000-9000-${String((names += 1)).padStart(12, '0')}`,
    generateName: (prefix) => `${prefix}${String((names += 1)).padStart(5, '0')}`,
    hasServiceAccountAdmission: false,
    user: { name: 'kubernetes-admin', groups: ['system:masters'] },
    dryRun: false,
    subresource: '',
    timestamp: () => timestamp,
    warn: () => {},
    whenRefused: () => {},
  };
}
