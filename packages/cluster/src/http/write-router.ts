import { type JsonObject, isJsonObject } from '@typekro/kit/core';
import type { AdmissionContext } from '../admission/attributes.ts';
import { tryParseStrictJson } from '../codec/json.ts';
import type { AdmissionGate } from '../admission/admission-gate.ts';
import type { withAdmission } from '../admission/admission-session.ts';
import type { LazyModule } from '../lazy-module.ts';
import { storeKey } from '../store/store.ts';
import { createObject } from '../verbs/create.ts';
import { deleteObject, warnOfOrphans } from '../verbs/delete.ts';
import { deleteCollection } from '../verbs/delete-collection.ts';
import { decodeDeleteOptions } from '../verbs/delete-options.ts';
import type { DeleteRequestOptions } from '../verbs/request-options.ts';
import { checkDeleteOptions, integer, listOptions, writeOptions } from '../verbs/request-options.ts';
import { patchForm, patchObject } from '../verbs/patch-object.ts';
import { replaceObject } from '../verbs/update.ts';
import type { WriteResult, WriteRequest, WriteServices } from '../verbs/write.ts';
import { type AccountContext, awaitDefaultAccount } from './default-account.ts';
import { type VirtualContext, virtualReply } from '../virtual/index.ts';
import { decodeBody, mediaType, readBody } from '../verbs/body.ts';
import type { Output } from '../protocol/negotiate.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import { replyObject, representation } from '../verbs/respond.ts';
import { type Route, type RouteReply, checkVerb, isVirtual, noOptions } from '../verbs/route.ts';
import { methodNotAllowed } from '../errors/api-error.ts';
import { replyValue, warningHeader } from '../protocol/reply.ts';
import type { Registry } from '../registry/registry.ts';
import type { ReadContext } from '../verbs/read.ts';
import { strategyFor } from '../verbs/strategy-for.ts';

/** The parts of the cluster that writes and virtual resources use. */
export type WriteRouterContext = WriteServices &
  ReadContext &
  VirtualContext &
  AdmissionContext &
  AccountContext & {
    readonly admissionGate: AdmissionGate;
    readonly parts: { readonly admission: LazyModule<{ readonly withAdmission: typeof withAdmission }> };
  };

type Write<Result = ApiReply | Promise<ApiReply>> = RouteReply<WriteRouterContext, Result>;

/** Handles a write, or a read of a resource that is not stored. */
export const routeWrite: Write = (context, request, route, output, warnings) => {
  checkVerb(route, request);
  const account = awaitDefaultAccount(context, route);
  const routed = () => routeChecked(context, request, route, output, warnings);
  return account === undefined ? routed() : account.then(routed);
};

const routeChecked: Write = (context, request, route, output, warnings) => {
  const answer = (services: WriteRouterContext) => answerWrite(services, request, route, output, warnings);
  const { audit } = request;
  const audited = audit === undefined ? context : { ...context, audit };
  // The objects of a collection are admitted one by one.
  const isCollection = request.method === 'DELETE' && route.name === '';
  return isCollection ? answer(audited) : admit(audited, warnings, answer);
};

/** Runs a write. If the cluster has webhooks or policies, the write passes through them. */
function admit<Result>(
  context: WriteRouterContext,
  warnings: string[],
  attempt: (context: WriteRouterContext) => Result | Promise<Result>,
): Result | Promise<Result> {
  if (!context.admissionGate.isOpen) return attempt(context);
  return context.parts.admission.load().then((admission) => admission.withAdmission(context, warnings, attempt));
}

const answerWrite: Write = (context, request, route, output, warnings) => {
  const virtual = virtualReply(context, request, route, output, warnings);
  if (virtual !== undefined) return virtual;
  // A virtual subresource without a handler accepts no change.
  if (isVirtual(route.subresource)) throw methodNotAllowed();
  if (route.name === '') return onCollection(context, request, route, output, warnings);
  return onObject(context, request, route, output, warnings);
};

function writeOf(
  context: WriteServices,
  request: ApiRequest,
  route: Route,
  warnings: string[],
  options: WriteRequest['options'],
): WriteRequest {
  return {
    services: context,
    resource: route.resource,
    namespace: route.namespace,
    name: route.name,
    subresource: route.subresource,
    user: request.user,
    options,
    warnings,
  };
}

const onCollection: Write = (context, request, route, output, warnings) => {
  const { resource } = route;
  if (request.method === 'DELETE') {
    const options = readDeleteOptions(context.registry, request);
    return deleteCollection(
      context,
      writeOf(context, request, route, warnings, noOptions(options.dryRun)),
      options,
      listOptions(request.query, false),
      output,
      (attempt) => admit(context, warnings, attempt),
    );
  }
  if (request.method !== 'POST') throw methodNotAllowed();
  const options = writeOptions(request, 'CreateOptions');
  const write = writeOf(context, request, route, warnings, options);
  const decoded = decodeBody(request, resource, context.registry, options.fieldValidation);
  for (const text of decoded.warnings) warnings.push(text);
  return replyOutcome(write, createObject(write, decoded.object), request, output);
};

const onObject: Write<ApiReply> = (context, request, route, output, warnings) => {
  const { resource } = route;
  switch (request.method) {
    case 'PUT': {
      const options = writeOptions(request, 'UpdateOptions');
      const write = writeOf(context, request, route, warnings, options);
      const decoded = decodeBody(request, resource, context.registry, options.fieldValidation);
      for (const text of decoded.warnings) warnings.push(text);
      return replyOutcome(write, replaceObject(write, decoded.object), request, output);
    }
    case 'PATCH': {
      const form = patchForm(mediaType(request.headers['content-type']), resource.custom !== undefined);
      const options = writeOptions(request, 'PatchOptions', form === 'apply');
      const write: WriteRequest = {
        ...writeOf(context, request, route, warnings, options),
        optionsKind: 'PatchOptions',
      };
      const text = request.body.toString('utf8');
      request.audit?.requestBody((form === 'apply' ? undefined : tryParseStrictJson(text)) ?? text, false);
      return replyOutcome(write, patchObject(write, { form, text }), request, output);
    }
    case 'DELETE': {
      const options = readDeleteOptions(context.registry, request);
      const write = writeOf(context, request, route, warnings, noOptions(options.dryRun));
      return replyDeletion(write, options, request, output);
    }
    default:
      throw methodNotAllowed();
  }
};

/**
 * The response to a write: the written object. If the store has exactly this object, the response uses its cached
 * bytes.
 */
function replyOutcome(write: WriteRequest, outcome: WriteResult, request: ApiRequest, output: Output): ApiReply {
  const { resource } = write;
  const stored = resource.collection.get(storeKey(write.namespace, outcome.object.metadata.name ?? ''));
  const shown = stored === undefined ? undefined : representation(resource, stored);
  return replyObject(
    outcome.status,
    resource,
    outcome.object,
    output,
    { includeObject: request.query.get('includeObject') },
    write.warnings,
    shown?.object === outcome.object ? shown : undefined,
  );
}

function replyDeletion(
  write: WriteRequest,
  options: DeleteRequestOptions,
  request: ApiRequest,
  output: Output,
): ApiReply {
  const { resource } = write;
  warnOfOrphans(write, options);
  const { object, removed } = deleteObject(write, options);
  if (!removed || strategyFor(resource).returnsDeleted) {
    const status = !removed && options.orphanDependents === false ? 202 : 200;
    return replyObject(
      status,
      resource,
      object,
      output,
      { includeObject: request.query.get('includeObject') },
      write.warnings,
    );
  }
  const details = {
    name: write.name,
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
    uid: object.metadata.uid,
  };
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  return replyValue(200, status, output, warningHeader(write.warnings));
}

function deleteQuery({ query }: ApiRequest): JsonObject {
  const options: JsonObject = { dryRun: [...query.all('dryRun')] };
  const grace = integer(query, 'gracePeriodSeconds');
  if (grace !== undefined) options['gracePeriodSeconds'] = grace;
  if (query.has('propagationPolicy')) options['propagationPolicy'] = query.get('propagationPolicy');
  if (query.has('orphanDependents')) options['orphanDependents'] = query.flag('orphanDependents');
  return options;
}

/** Reads the options of a deletion from the body. Without a body, reads them from the query. */
function readDeleteOptions(registry: Registry, request: ApiRequest): DeleteRequestOptions {
  const body =
    request.body.length > 0 ? decodeDeleteOptions(readBody(request, '', 'Ignore'), registry) : deleteQuery(request);
  const grace = body['gracePeriodSeconds'];
  const policy = body['propagationPolicy'];
  const orphan = body['orphanDependents'];
  const dryRun = Array.isArray(body['dryRun']) ? body['dryRun'].map(String) : [];
  const preconditions = isJsonObject(body['preconditions']) ? body['preconditions'] : {};
  return checkDeleteOptions({
    dryRun,
    gracePeriodSeconds: typeof grace === 'number' ? grace : undefined,
    propagationPolicy: typeof policy === 'string' ? policy : undefined,
    orphanDependents: typeof orphan === 'boolean' ? orphan : undefined,
    preconditions: {
      ...(typeof preconditions['uid'] === 'string' ? { uid: preconditions['uid'] } : {}),
      ...(typeof preconditions['resourceVersion'] === 'string'
        ? { resourceVersion: preconditions['resourceVersion'] }
        : {}),
    },
  });
}
