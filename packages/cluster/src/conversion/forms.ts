import type { LazyModule } from '../lazy-module.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { Stored } from '../store/stored.ts';
import type { ConversionContext, convertObjects } from './convert.ts';

/** The parts of the cluster that a read of converted objects uses. */
export interface FormsContext extends ConversionContext {
  readonly parts: { readonly conversion: LazyModule<{ readonly convertObjects: typeof convertObjects }> };
}

/** The running conversions of stored objects. Several watches of one version share one call of the webhook. */
const running = new WeakMap<Stored, Map<ServedResource, Promise<void>>>();

/**
 * Converts stored objects to the API version of `resource`. Does nothing when the CRD of the resource has no conversion
 * webhook. With `isFresh`, objects with a cached conversion are converted again, because the webhook may have changed.
 *
 * @throws ApiError 500 when the webhook does not convert an object.
 */
export async function prepareForms(
  context: FormsContext,
  resource: ServedResource,
  items: Iterable<Stored>,
  isFresh = false,
): Promise<void> {
  if (resource.custom?.conversion === undefined) return;
  const missing = new Set<Stored>();
  const awaited = new Set<Promise<void>>();
  for (const stored of items) {
    if (!resource.isConverted(stored.object) || (!isFresh && stored.has(resource))) continue;
    const conversion = running.get(stored)?.get(resource);
    if (conversion === undefined || isFresh) missing.add(stored);
    else awaited.add(conversion);
  }
  if (missing.size > 0) awaited.add(startConversion(context, resource, [...missing]));
  await Promise.all(awaited);
}

function startConversion(context: FormsContext, resource: ServedResource, items: readonly Stored[]): Promise<void> {
  const conversion = convertForms(context, resource, items);
  for (const stored of items) {
    const known = running.get(stored) ?? new Map<ServedResource, Promise<void>>();
    running.set(stored, known.set(resource, conversion));
  }
  return conversion.finally(() => {
    for (const stored of items) {
      if (running.get(stored)?.get(resource) === conversion) running.get(stored)?.delete(resource);
    }
  });
}

async function convertForms(context: FormsContext, resource: ServedResource, items: readonly Stored[]): Promise<void> {
  const { conversion } = resource.custom ?? {};
  if (conversion === undefined) return;
  const code = await context.parts.conversion.load();
  const sources = items.map(({ object }) => conversion.sourceOf(object));
  const converted = await code.convertObjects(context, conversion.webhook, sources, resource.apiVersion);
  for (const [index, stored] of items.entries()) {
    const answer = converted[index];
    if (answer !== undefined) stored.convert(resource, { find: () => answer });
  }
}
