import { keepPlace, oncePerObject } from '@typekro/kit/core';
import { defineFactory } from '../value/native-functions.ts';
import { treeInterpreter } from '../interp/tree-interpreter.ts';
import { diagnosticOf, explainRefusal } from '../refusal/diagnostics.ts';
import { setSchemas } from './run-schemas.ts';
import { schemasFor } from '../schemas.ts';
import { withProviders } from '../source/current-run.ts';
import { bring } from './bring.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { CompositionError, Refusal, refuse } from '../refusal/refusal.ts';
import { Trace } from '../trace/trace.ts';
import { activeTrace, currentTrace, withTrace } from '../trace/current-trace.ts';
import { markDetached } from '../interp/env.ts';
import { hasTokens, symbolicMember, referenceTo, symbolic } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';

type AnyFunction = (...args: never[]) => unknown;

/**
 * Wraps a function of the SDK that makes one resource, and marks the wrapper as a factory. A call outside a composition
 * returns a resource that becomes part of each composition that uses it. A composition uses a resource when it returns
 * the resource, reads it, or refers to it by a variable.
 */
export function defineResourceFactory<F extends AnyFunction>(make: F): F {
  const factory = ((...args: never[]) =>
    currentTrace() === undefined ? detached(factory, make, args) : make(...args)) as F;
  Object.defineProperty(factory, 'name', { value: make.name });
  return defineFactory(factory);
}

/**
 * Methods that add settings to a resource. Calls outside a composition are recorded, and repeated in each composition
 * that uses the resource.
 */
const CHAINED = [
  'withIncludeWhen',
  'withReadyWhen',
  'withPropagateWhen',
  'withDeletionPolicy',
  'withExternalFields',
  'dependsOn',
  'withReadinessEvaluator',
] as const;

type Call = readonly [method: (typeof CHAINED)[number], args: readonly unknown[]];

function detached(factory: AnyFunction, make: AnyFunction, args: readonly never[]): object {
  const { manifest, id, kind, apiVersion, options } = sampleOf(make, args);
  const isExternal = options.external === true;
  const calls: Call[] = [];
  const key = {};
  const use = (): Sym => {
    if (!isExternal) refuseCondition(kind, key);
    return bring(key, (trace) => {
      const outer = trace.factory;
      trace.factory = factory;
      try {
        const handle = make(...args) as Readonly<Record<string, AnyFunction>>;
        for (const [method, given] of calls) handle[method]?.(...(given as never[]));
        const made = symbolic(handle);
        if (!(made instanceof Sym) || made.resource === undefined) throw new Error('a factory made no resource');
        return made;
      } finally {
        trace.factory = outer;
      }
    });
  };
  const known: Record<string, unknown> = { ...manifest, id, apiVersion, kind };
  const label = `${kind} ${id}`;
  const reference = outsideValue(label, known, use);
  for (const method of CHAINED) {
    known[method] = (...given: unknown[]) => {
      calls.push([method, given]);
      return reference;
    };
  }
  if (!isExternal) markDetached(reference);
  return keepPlace(reference);
}

/**
 * For each trace, the resources from outside the composition that it has used at least once without a condition and
 * outside of loops. Before such a use, a use under a condition or in a loop is refused.
 */
const unconditionalIn = oncePerObject((_: Trace) => new Set<object>());

function refuseCondition(kind: string, key: object): void {
  const trace = activeTrace();
  const known = unconditionalIn(trace);
  if (known.has(key)) return;
  if (trace.guards.length > 0 || trace.loops.length > 0) {
    refuse(
      'unsupported',
      `a ${kind} that was made outside the composition is used under a condition, or in a loop`,
      'create it inside the composition, at the place of its use; or refer to it before the condition or loop',
    );
  }
  known.add(key);
}

/** Makes the resource in a separate trace, so that its constant fields can be read outside a composition. */
function sampleOf(make: AnyFunction, args: readonly never[]): ResourceRecord {
  const trace = new Trace(true, treeInterpreter);
  setSchemas(trace, schemasFor(undefined));
  try {
    const made = withProviders(() => withTrace(trace, () => symbolic(make(...args))));
    if (!(made instanceof Sym) || made.resource === undefined) throw new Error('a factory made no resource');
    return made.resource;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new CompositionError([diagnosticOf(error)], explainRefusal(error), error);
  }
}

/**
 * A value for code outside a composition. Constant fields of the template have their values; every other field is a
 * reference, which has a value in the graph only.
 */
function outsideValue(label: string, known: Readonly<Record<string, unknown>>, use: () => Sym): object {
  const fields = new Map<string, unknown>();
  const read = (key: string): unknown => {
    if (!fields.has(key)) fields.set(key, outsideField(`${label}.${key}`, known, key, use));
    return fields.get(key);
  };
  return referenceTo(label, known, use, read);
}

function outsideField(label: string, known: Readonly<Record<string, unknown>>, key: string, use: () => Sym): unknown {
  const value = Object.hasOwn(known, key) ? known[key] : undefined;
  if (value !== undefined && isConstant(value) && !isRecord(value)) return value;
  const inner = isRecord(value) && isConstantShape(value) ? value : {};
  return outsideValue(label, inner, () => {
    const member = symbolic(symbolicMember(use(), key));
    return member instanceof Sym
      ? member
      : refuse('untraced', `${label} has several values`, 'read it inside the composition');
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && symbolic(value) === undefined;
}

/** Are all keys of an object known? */
const isConstantShape = (value: object): boolean => Object.getOwnPropertySymbols(value).length === 0;

function isConstant(value: unknown): boolean {
  if (typeof value === 'string') return !hasTokens(value);
  if (typeof value !== 'object' || value === null) return true;
  if (symbolic(value) !== undefined) return false;
  if (Array.isArray(value)) return value.every(isConstant);
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype && isConstantShape(value) && Object.values(value).every(isConstant);
}
