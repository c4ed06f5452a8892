import { describe, expect, it } from 'vitest';
import { type JsonObject, type KubeObject, definedMembers } from '@typekro/kit/core';
import { compile } from '@typekro/engine/graph';
import { crdDifference, crdDigest } from './crd-difference.ts';
import { ownedCrd, planCrd } from './crd-plan.ts';
import { readDefinitionObject } from './definition-object.ts';
import { crdOf } from '@typekro/kit/test-support/crd';
import { CrdRules, valueAtSteps } from '@typekro/engine/schema';

const definition = (annotations: Record<string, string> = {}) =>
  readDefinitionObject({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'boats', uid: 'u1', generation: 1, annotations },
    spec: {},
  });

interface Shape {
  readonly hull?: JsonObject;
  readonly columns?: JsonObject[];
  readonly shortNames?: string[];
}

function boatCrd({ hull = { type: 'string' }, columns = [], shortNames }: Shape = {}): KubeObject {
  return crdOf(
    'Boat',
    { properties: { spec: { type: 'object', properties: { hull } } } },
    {
      group: 'acme.test',
      names: shortNames === undefined ? {} : { shortNames },
      fields: { additionalPrinterColumns: columns },
    },
  );
}

/** A CRD whose status has these fields. */
function crdWithStatus(properties: JsonObject): KubeObject {
  const fields = { additionalPrinterColumns: [] };
  return crdOf('Boat', { properties: { status: { type: 'object', properties } } }, { group: 'acme.test', fields });
}

const stateOnly = crdWithStatus({ state: { type: 'string' } });
const { graph: recordingGraph } = compile(
  {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'boats' },
    spec: { schema: { apiVersion: 'v1alpha1', kind: 'Boat' }, resources: [] },
  },
  { sources: [], features: { managedResources: true } },
);
const recordPath = 'spec versions 0 schema openAPIV3Schema properties status properties graph';
const steps = recordPath.split(' ').map((step) => (step === '0' ? 0 : step));
const record = valueAtSteps(recordingGraph?.instance?.crd ?? {}, steps);
const recording = crdWithStatus({ state: { type: 'string' }, ...definedMembers({ graph: record }) });
const ownGraph = crdWithStatus({ state: { type: 'string' }, graph: { type: 'string' } });

function labelled(labels: Record<string, string>): KubeObject {
  const crd = boatCrd();
  return { ...crd, metadata: { ...crd.metadata, labels } };
}

const owned = (crd: KubeObject, name = 'boats') => ownedCrd(crd, { ...definition(), name }, 'devel');
const column = { name: 'Hull', type: 'string', jsonPath: '.spec.hull' };

describe('planCrd', () => {
  it.each<{
    title: string;
    existing: KubeObject | undefined;
    wanted?: KubeObject;
    annotations?: Record<string, string>;
    plan: unknown;
  }>([
    { title: 'creates an absent CRD', existing: undefined, plan: { do: 'create' } },
    { title: 'does not change a CRD that is as planned', existing: owned(boatCrd()), plan: { do: 'nothing' } },
    {
      title: 'refuses a CRD that is marked as owned by kro and names no definition',
      existing: labelled({ 'kro.run/owned': 'true' }),
      plan: {
        do: 'refuse',
        message: 'failed to update CRD boats.acme.test: CRD is owned by another ResourceGraphDefinition ',
      },
    },
    {
      title: 'refuses a CRD of another owner',
      existing: boatCrd(),
      plan: {
        do: 'refuse',
        message: 'failed to update CRD boats.acme.test: CRD already exists and is not owned by KRO',
      },
    },
    {
      title: 'refuses a CRD of another definition',
      existing: owned(boatCrd(), 'ships'),
      plan: {
        do: 'refuse',
        message: 'failed to update CRD boats.acme.test: CRD is owned by another ResourceGraphDefinition ships',
      },
    },
    {
      title: 'refuses a breaking change',
      existing: owned(boatCrd()),
      wanted: boatCrd({ hull: { type: 'integer' } }),
      plan: {
        do: 'refuse',
        message:
          'cannot update CRD boats.acme.test: breaking changes detected: Type changed from string to integer ' +
          '(field spec.hull; to allow it, set the annotation kro.run/allow-breaking-changes: "true" on the definition)',
      },
    },
    {
      title: 'makes a breaking change when the definition allows it',
      existing: owned(boatCrd()),
      wanted: boatCrd({ hull: { type: 'integer' } }),
      annotations: { 'kro.run/allow-breaking-changes': 'true' },
      plan: { do: 'patch' },
    },
    {
      title: 'allows a breaking change only if the annotation has exactly the value true',
      existing: owned(boatCrd()),
      wanted: boatCrd({ hull: { type: 'integer' } }),
      annotations: { 'kro.run/allow-breaking-changes': 'True' },
      plan: { do: 'refuse' },
    },
    {
      title: 'writes new printer columns, which a schema comparison overlooks',
      existing: owned(boatCrd()),
      wanted: boatCrd({ columns: [column] }),
      plan: { do: 'patch' },
    },
    {
      title: 'writes a label of the author, which a schema comparison overlooks',
      existing: owned(boatCrd()),
      wanted: labelled({ team: 'harbour' }),
      plan: { do: 'patch', body: { metadata: { labels: { team: 'harbour' } } } },
    },
    {
      title: 'does not change a CRD that an earlier controller wrote for a deleted definition of the same name',
      existing: ownedCrd(labelled({ team: 'harbour' }), { ...definition(), uid: 'u0' }, 'v0.1'),
      wanted: labelled({ team: 'harbour' }),
      plan: { do: 'nothing' },
    },
    {
      title: 'removes the record of objects (status.graph), which only the controller writes',
      existing: owned(recording),
      wanted: stateOnly,
      plan: { do: 'patch' },
    },
    {
      title: 'replaces the record of objects by a field of the author with the same name',
      existing: owned(recording),
      wanted: ownGraph,
      plan: { do: 'patch' },
    },
    {
      title: 'refuses to remove a field of the author that has the name of the record',
      existing: owned(ownGraph),
      wanted: stateOnly,
      plan: { do: 'refuse', message: expect.stringContaining('Property graph was removed (field status.graph;') },
    },
    {
      title: 'refuses a breaking change that comes with the removal of the record of objects',
      existing: owned(recording),
      wanted: crdWithStatus({ state: { type: 'integer' } }),
      plan: {
        do: 'refuse',
        message: expect.stringContaining('detected: Type changed from string to integer (field status.state;'),
      },
    },
    {
      title: 'removes short names by a null in the patch',
      existing: owned(boatCrd({ shortNames: ['bo'] })),
      plan: { do: 'patch', body: { spec: { names: { shortNames: null, categories: null } } } },
    },
  ])('$title', ({ existing, wanted = boatCrd(), annotations, plan }) => {
    const subject = definition(annotations);
    const next = ownedCrd(wanted, subject, 'devel');
    const difference = existing === undefined ? { changed: true, breaking: [] } : crdDifference(existing, next);
    expect(planCrd(existing, next, subject, difference)).toMatchObject(plan as object);
  });

  it('lists three breaking changes and counts the others', () => {
    const plan = planCrd(owned(boatCrd()), owned(boatCrd()), definition(), {
      changed: true,
      breaking: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ field: `spec.${name}`, description: name })),
    });
    const text = 'a; b; c; and 2 more changes (fields spec.a, spec.b, spec.c, spec.d, spec.e; to allow it';
    expect(plan).toMatchObject({ message: expect.stringContaining(text) as string });
  });
});

describe('crdDigest', () => {
  const priority = (value: number) => ({ ...column, priority: value });

  it.each<{ title: string; live: KubeObject; wanted?: KubeObject; same: boolean }>([
    { title: 'is the same for the same CRD', live: owned(boatCrd()), same: true },
    {
      title: 'is the same with the metadata that the server adds',
      live: { ...owned(boatCrd()), metadata: { name: 'boats', uid: 'u9' }, status: { conditions: [] } },
      same: true,
    },
    {
      title: 'is the same for a priority of zero, which the server leaves out',
      live: boatCrd({ columns: [column] }),
      wanted: boatCrd({ columns: [priority(0)] }),
      same: true,
    },
    {
      title: 'differs by a priority',
      live: boatCrd({ columns: [column] }),
      wanted: boatCrd({ columns: [priority(1)] }),
      same: false,
    },
    { title: 'differs by a column', live: boatCrd(), wanted: boatCrd({ columns: [column] }), same: false },
    { title: 'differs by the schema', live: boatCrd(), wanted: boatCrd({ hull: { type: 'integer' } }), same: false },
    { title: 'differs by a short name', live: boatCrd({ shortNames: ['bo'] }), wanted: boatCrd(), same: false },
  ])('$title', ({ live, wanted = boatCrd(), same }) => {
    expect(crdDigest(live)).toEqual(expect.any(String));
    expect(crdDigest(live) === crdDigest(wanted)).toBe(same);
  });

  it.each([
    ['no version', []],
    ['two versions', [1, 2].map((n) => ({ name: `v${n}`, schema: { openAPIV3Schema: { type: 'object' } } }))],
    ['a version without a schema', [{ name: 'v1' }]],
  ])('is undefined for a CRD with %s', (_what, versions) => {
    const crd = boatCrd();
    expect(crdDigest({ ...crd, spec: { ...crd.spec, versions } })).toBeUndefined();
  });
});

describe('isEstablished', () => {
  it.each([
    [undefined, false],
    [{ conditions: [{ type: 'NamesAccepted', status: 'True' }] }, false],
    [{ conditions: [{ type: 'Established', status: 'False' }] }, false],
    [{ conditions: [{ type: 'Established', status: 'True' }] }, true],
  ])('%j → %s', (status, expected) => {
    expect(CrdRules.isEstablished({ ...boatCrd(), ...(status === undefined ? {} : { status }) })).toBe(expected);
  });
});
